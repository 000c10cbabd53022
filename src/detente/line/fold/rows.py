"""What the fold of a line keeps: rows by kind, with their keys.

``place`` is ``<party>/<index, ten digits>``.

================= ======================================== =========================================
kind              key                                      one row for
================= ======================================== =========================================
log               party                                    a log: how far it is folded
entry             place                                    an entry: its type, facts, whether void
id                entry id                                 an entry: its place
join              party                                    a party that has joined
terms             version(7) / place                       a signature under terms
activity          party / activity                         an activity: its newest version
version           party / activity / version(7)            a version of an activity
successor         place                                    a version that superseded another
message           place                                    a message
ack               entry acknowledged / place               an acknowledgement
proposal          entry id                                 a proposal
answer            proposal / place                         an assent or a refusal
check             party / slot / index(10)                 a line check
suspension        party                                    a suspension that lasts
leave             party                                    a party that has left
admit             party taken in / card hash / place       a signature under taking a party in
met               party / party taken in                   the first entry whose writer had seen it
lapse             owed by / entry or "-" / place           a stated lapse
recall            entry recalled                           a recall: content of that entry is gone
honour            recall / party                           a party's word that it has erased it
commitment        entry id                                 a commitment to what is not told yet
opening           commitment / place                       an opening, right or wrong
void              place                                    an entry that changes nothing, and why
key               place                                    a rotation of its party's signing key
vouch             party / card hash / place                a vouching for another party's new card
unknown           place                                    an entry of a type not known here
permission        entry id                                 a request for permission
asked             party / permission / host                the newest request of that name to it
permission-answer request / place                          an answer
revocation        request / place                          a grant taken back
visit             entry id                                 a visit's notice
visit-name        party / visit                            a visit by its name
visit-once        visit / party / type / which             what a party states of a visit once
visit-said        visit / place                            a statement of a visit, of any type
plan              entry id                                 a version of a mission plan
plan-newest       visit / party                            its newest version
review            plan / place                             a host's review of a plan
visit-report      visit / party                            a party's newest report
observation       party / observation                      an observation: its newest version
observed          party / observation / version(7)         a version of an observation
link              entry id                                 two observations held to be of one event
linked            party / a / b                            a party's link that it has not taken back
disputed          link / party                             a dispute not taken back
dispute           link / place                             a dispute of a link
daily             party / day / index(10)                  a daily report
conflict          conflict id                              a conflict (``line.joint``)
meeting           party / activity / conflict id           a side of a conflict (likewise)
uncompared        place                                    an entry not compared yet (likewise)
================= ======================================== =========================================
"""

KINDS = (
    "ack",
    "activity",
    "admit",
    "answer",
    "asked",
    "check",
    "commitment",
    "conflict",
    "daily",
    "dispute",
    "disputed",
    "entry",
    "honour",
    "id",
    "join",
    "key",
    "lapse",
    "leave",
    "link",
    "linked",
    "log",
    "meeting",
    "message",
    "met",
    "observation",
    "observed",
    "opening",
    "permission",
    "permission-answer",
    "plan",
    "plan-newest",
    "proposal",
    "recall",
    "review",
    "revocation",
    "successor",
    "suspension",
    "terms",
    "uncompared",
    "unknown",
    "version",
    "visit",
    "visit-name",
    "visit-once",
    "visit-report",
    "visit-said",
    "void",
    "vouch",
)
"""Every kind of row there is."""

"""What the fold of a line keeps: rows by kind, with their keys.

``place`` is ``<party>/<index, ten digits>``.

========== ============================================== ==========================================
kind       key                                            one row for
========== ============================================== ==========================================
log        party                                          a log: how far it is folded
entry      place                                          an entry: its type, facts, whether void
id         entry id                                       an entry: its place
join       party                                          a party that has joined
terms      version(7) / place                             a signature under terms
activity   party / activity                               an activity: its newest version
version    party / activity / version(7)                  a version of an activity
successor  place                                          a version that superseded another
message    place                                          a message
ack        entry acknowledged / place                     an acknowledgement
proposal   entry id                                       a proposal
answer     proposal / place                               an assent or a refusal
check      party / slot / index(10)                       a line check
suspension party                                          a suspension that lasts
leave      party                                          a party that has left
admit      party taken in / card hash / place             a signature under taking a party in
met        party / party taken in                         the first entry whose writer had seen it
lapse      owed by / entry or "-" / place                 a stated lapse
recall     entry recalled                                 a recall: content of that entry is gone
honour     recall / party                                 a party's word that it has erased it
commitment entry id                                       a commitment to what is not told yet
opening    commitment / place                             an opening, right or wrong
void       place                                          an entry that changes nothing, and why
key        place                                          a rotation of its party's signing key
vouch      party / card hash / place                      a vouching for another party's new card
unknown    place                                          an entry of a type not known here
conflict   conflict id                                    a conflict (``line.joint``)
meeting    party / activity / conflict id                 a side of a conflict (``line.joint``)
uncompared place                                          an entry not compared yet (``line.joint``)
========== ============================================== ==========================================
"""

KINDS = (
    "ack",
    "activity",
    "admit",
    "answer",
    "check",
    "commitment",
    "conflict",
    "entry",
    "honour",
    "id",
    "join",
    "key",
    "lapse",
    "leave",
    "log",
    "meeting",
    "message",
    "met",
    "opening",
    "proposal",
    "recall",
    "successor",
    "suspension",
    "terms",
    "uncompared",
    "unknown",
    "version",
    "void",
    "vouch",
)
"""Every kind of row there is."""

"""What each role may do at a node: the one table, for every door.

An officer has one role. Roles do not contain each other: whoever manages accounts does not talk for
the party, and whoever reads the audit log changes nothing that stands in it. A person who does two
things has two accounts, and the audit log says in which of them each thing was done.

``operator`` is nobody's account: it is who can read the node's own folder, and so its keys, and
asks through the command line. It does what has to be done before there is any officer, and what an
administrator does; it does not speak on a line.
"""

from detente.errors import AccessError

WATCH, RELEASER, SENIOR, AUDITOR, ADMIN = "watch", "releaser", "senior", "auditor", "admin"
OPERATOR = "operator"
GUEST = "guest"
"""Another party's officer at the guest's desk: no officer here, and may do nothing of what stands
below (``node.together.desk_guests``)."""

ROLES = (WATCH, RELEASER, SENIOR, AUDITOR, ADMIN)
"""Those an officer can be given."""

DUTIES: dict[str, str] = {
    WATCH: "watch officer: plans, talks, acknowledges; does not decide what leaves the node",
    RELEASER: "also decides what leaves the node: releases, withdraws, recalls",
    SENIOR: "also suspends and resumes a line, signs terms, takes a party in",
    AUDITOR: "reads everything, the audit log too, and changes nothing",
    ADMIN: "accounts, keys and membership of lines; no plans, no talk",
}
"""Each role in a sentence."""

LOOK, PLAN, TALK, RELEASE = "look", "plan", "talk", "release"
CARRY, COMMAND, TERMS, MEMBERSHIP = "carry", "command", "terms", "membership"
ACCOUNTS, AUDIT, SECOND = "accounts", "audit", "second"
SINGLE = "single"

_DUTY = frozenset({WATCH, RELEASER, SENIOR})

MAY: dict[str, frozenset[str]] = {
    LOOK: frozenset({*ROLES, OPERATOR}),
    PLAN: _DUTY,
    TALK: _DUTY,
    RELEASE: frozenset({RELEASER, SENIOR}),
    CARRY: frozenset({*_DUTY, ADMIN, OPERATOR}),
    COMMAND: frozenset({SENIOR}),
    TERMS: frozenset({SENIOR, OPERATOR}),
    MEMBERSHIP: frozenset({ADMIN, OPERATOR}),
    ACCOUNTS: frozenset({ADMIN, OPERATOR}),
    AUDIT: frozenset({AUDITOR, ADMIN, OPERATOR}),
    SECOND: frozenset({RELEASER, SENIOR, ADMIN}),
    SINGLE: frozenset({*_DUTY, AUDITOR}),
}
"""Who may do what. What stands here under no act is open to nobody."""

ACTS: dict[str, str] = {
    LOOK: "look at lines, plans and the record, and verify it",
    PLAN: "file, change and drop private plans",
    TALK: "send messages, acknowledge, propose, answer, check the line, state a lapse",
    RELEASE: "release, withdraw and recall, carry out a proposal, commit and open",
    CARRY: "export a line's record into files for another party, and import what it sent",
    COMMAND: "suspend and resume a line",
    TERMS: "sign new terms, take a party into a line",
    MEMBERSHIP: "found, join and leave lines, vouch for another party's key, adopt our own",
    ACCOUNTS: "add and end officers, make log-in links, release lock-outs",
    AUDIT: "read the internal audit log",
    SINGLE: "look at single observations, beside their counts by district and week",
    SECOND: "confirm or refuse what another officer asked for and they may do themselves",
}
"""Each act in a phrase."""


def check(name: str, role: str, act: str) -> None:
    """Return if an officer of this role may do ``act``; else raise ``AccessError``."""
    if role in MAY[act]:
        return
    able = " or ".join(one for one in ROLES if one in MAY[act])
    remedy = f"have somebody with that role {ACTS[act]}"
    if role == OPERATOR:
        remedy += (
            ": in the console, or here with their token by `--token-file FILE` or in DETENTE_TOKEN"
        )
    raise AccessError(
        f"{name} has the role {role}, and this needs the role {able}",
        where=act,
        remedy=remedy,
    )

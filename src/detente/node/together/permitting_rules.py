"""What our own node refuses to say of a permission, before it is on the record.

Each check returns if the thing may be said, and else raises what an officer should do instead. A
peer's entries are not held to any of this: they are kept, and shown as what they are.
"""

import msgspec

from detente.errors import InputError, StateError
from detente.line import read
from detente.line.bodies import AnswerBody, Limits
from detente.line.read import Permission, Reply, exceeding
from detente.node.show.reader import LineReader, no_such
from detente.volumes.times import format_time, parse_time_s


def found(reader: LineReader, request: str) -> Permission:
    """The request of this id. Raises NotFoundError."""
    one = read.permission(reader.rows, reader.founding, request)
    if one is None:
        raise no_such("request", request, reader.founding)
    return one


def asked_of_us(reader: LineReader, request: str) -> Permission:
    """The same, if it is for us to answer."""
    one = found(reader, request)
    if not reader.is_own(one.host):
        raise StateError(
            f"that request is to {one.host}",
            where=where(one),
            remedy=f"leave it to {one.host}; a host speaks for its own ground only",
        )
    return one


def check_watching(reader: LineReader) -> None:
    if reader.terms.watching is None:
        raise StateError(
            f"the terms of the line {reader.name} say nothing of watching, so nobody would owe "
            "an answer",
            remedy="have every party sign terms with a [watching] part: "
            "`detente line terms --watching` prints one, `detente line sign-terms` signs it",
        )


def check_host(reader: LineReader, host: str) -> None:
    members = read.present(reader.rows, reader.founding)
    others = [one for one in members if not reader.is_own(one)]
    if host not in others:
        what = "is this node's own party" if reader.is_own(host) else "is no member of it"
        raise InputError(
            f"{host[:40]!r} {what}",
            where=f"line {reader.name}: host",
            remedy=f"ask a member ({', '.join(others)}), or name the line that it is on",
        )


def window_s(reader: LineReader, start: str, end: str) -> tuple[float, float]:
    """A window that has not passed, POSIX seconds, domain time."""
    from_s, until_s = parse_time_s(start, where="start"), parse_time_s(end, where="end")
    if until_s <= reader.now_s:
        raise InputError(
            f"the window ended at {end}, and it is {format_time(reader.now_s)} on this line",
            where="end",
            remedy="give one that has not passed; times are the line's domain time, UTC",
        )
    if until_s < from_s:
        raise InputError("the window ends before it begins", where="end", remedy="correct it")
    return from_s, until_s


def check_quota(reader: LineReader, host: str, name: str, before: Permission | None) -> None:
    """The quota is one of the terms', and has a unit left that no other request has taken."""
    ours = [
        one
        for one in read.drawn(reader.rows, reader.founding, reader.now_s)
        if (one.quota.guest, one.quota.host) == (reader.core.party, host)
    ]
    found = next((one for one in ours if one.quota.name == name), None)
    if found is None:
        there = ", ".join(repr(one.quota.name) for one in ours) or "none"
        raise InputError(
            f"the terms have no quota {name[:60]!r} of us with {host}",
            where="asked: quota",
            remedy=f"name one of the terms' ({there}), or none",
        )
    # What the renewed request had taken and not used is what this one takes.
    unused = before is not None and before.asked is not None and before.asked.quota == name
    if found.left + (1 if unused else 0) < 1:
        quota, taken = found.quota, len(found.visits) + found.reserved
        raise StateError(
            f"the quota {quota.name} has {quota.units} units, and {taken} are drawn or asked for",
            where=f"line {reader.name}",
            remedy="withdraw a request that is not needed, or say that it is to be overdrawn; "
            "it is shown as that",
        )


def check_answer(
    reader: LineReader,
    one: Permission,
    answer: str,
    body: AnswerBody,
    from_s: float,
    until_s: float,
) -> None:
    """What is granted is what was asked or less, and the word for it is the right one."""
    as_asked = (from_s, until_s) == (parse_time_s(one.from_), parse_time_s(one.until))
    narrowed = not as_asked or body.limits != Limits()
    if narrowed != (answer == "limited"):
        what = "grants less than was asked" if narrowed else "limits nothing"
        raise InputError(
            f"the answer {what}, and says {answer}",
            where=where(one),
            remedy=f"answer {'limited' if narrowed else 'granted'}",
        )
    reply = Reply(
        entry="",
        party=one.host,
        index=0,
        time=format_time(reader.now_s),
        answer="limited" if narrowed else "granted",
        at_s=reader.now_s,
        from_=format_time(from_s),
        until=format_time(until_s),
        body=body,
        unknown=None,
    )
    more = [
        each for each in exceeding.wider(msgspec.structs.replace(one, reply=reply)) if each.known
    ]
    if more:
        raise InputError(
            f"the answer grants more than was asked: {'; '.join(each.why for each in more)}",
            where=where(one),
            remedy=f"grant what was asked or less; {one.party} can ask for more",
        )


def where(one: Permission) -> str:
    return f"request {one.party}/{one.permission} to {one.host}"

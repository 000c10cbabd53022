"""The permission ledger: asking hosts, answering as one, and what is taken back.

A request to several hosts is one statement to each of them, on whichever line each is; all of them
are written in one transaction, or none. What would be a mistake for certain is refused here, before
it is on the record; what a peer does all the same is shown.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from detente.errors import InputError, StateError
from detente.line import Draft, answer_draft, forgo_draft, read, request_draft, revoke_draft
from detente.line.abouts import PermissionAnswer, PermissionKind
from detente.line.bodies import AnswerBody, Limits, RequestBody
from detente.line.read import Permission, Reply, exceeding
from detente.line.wire import read_struct, read_time_s
from detente.node.core import Core
from detente.node.once import once
from detente.node.saying import say
from detente.node.show import permitting as show
from detente.node.show import record
from detente.node.show.reader import LineReader, no_such
from detente.node.views import EntryView, PermissionView
from detente.node.writing import write
from detente.store.store import Tx
from detente.volumes.times import format_time, parse_time_s

Json = dict[str, Any]
T = TypeVar("T", bound=msgspec.Struct)
HOSTS_MAX = 64
"""So many hosts are asked at once."""


class Permitting:
    """The part of a node's door that is about permissions."""

    _core: Core

    def ledger(self) -> list[PermissionView]:
        """Every request on every line of this node, ours and others', line by line."""
        with self._core.store.read() as tx:
            return [
                one
                for founding in self._core.lines(tx)
                for one in show.permissions(LineReader(self._core, tx, founding.id).for_list())
            ]

    def permissions(self, line: str) -> list[PermissionView]:
        """Every request on one line."""
        with self._core.store.read() as tx:
            return show.permissions(LineReader(self._core, tx, line).for_list())

    def request_permission(
        self,
        hosts: Sequence[tuple[str, str]],
        permission: str,
        kind: PermissionKind,
        asked: Json,
        *,
        start: str,
        end: str,
        overdraw: bool = False,
        officer: str,
        key: str | None = None,
    ) -> list[EntryView]:
        """Ask each of ``hosts``, pairs of line and party, for the same under one name.

        ``asked`` is the request's body (protocol, section 10); times are domain times. With
        ``overdraw`` also what a quota has no units left for.
        """
        content: Json = {
            "hosts": [list(one) for one in hosts],
            "permission": permission,
            "kind": kind,
            "asked": asked,
            "start": start,
            "end": end,
            "overdraw": overdraw,
        }
        return _request(self._core, content, officer=officer, key=key)

    def renew_permission(
        self,
        line: str,
        request: str,
        *,
        start: str,
        end: str,
        asked: Json | None = None,
        overdraw: bool = False,
        officer: str,
        key: str | None = None,
    ) -> EntryView:
        """Ask the same host again, for another window; for the same unless ``asked`` says what."""
        content: Json = {
            "request": request,
            "start": start,
            "end": end,
            "asked": asked,
            "overdraw": overdraw,
        }
        return _renew(self._core, line, content, officer=officer, key=key)

    def answer_permission(
        self,
        line: str,
        request: str,
        answer: PermissionAnswer,
        *,
        start: str | None = None,
        end: str | None = None,
        limits: Json | None = None,
        note: str = "",
        officer: str,
        key: str | None = None,
    ) -> EntryView:
        """Answer a request that is asked of us; the window is that asked for if none is given."""
        content: Json = {
            "request": request,
            "answer": answer,
            "start": start,
            "end": end,
            "limits": limits,
            "note": note,
        }
        return _answer(self._core, line, content, officer=officer, key=key)

    def revoke_permission(
        self,
        line: str,
        request: str,
        note: str = "",
        *,
        start: str | None = None,
        officer: str,
        key: str | None = None,
    ) -> EntryView:
        """Take back what we granted, from now on or from a later ``start``, domain time."""
        content: Json = {"request": request, "start": start, "note": note}
        return _revoke(self._core, line, content, officer=officer, key=key)

    def withdraw_permission(
        self, line: str, request: str, note: str = "", *, officer: str, key: str | None = None
    ) -> EntryView:
        """Give up a request of ours, answered or not."""
        content: Json = {"request": request, "note": note}
        return _withdraw(self._core, line, content, officer=officer, key=key)


def _request(core: Core, content: Json, *, officer: str, key: str | None) -> list[EntryView]:
    hosts = [(str(line), str(host)) for line, host in content["hosts"]]
    if not 0 < len(hosts) <= HOSTS_MAX or len(set(hosts)) < len(hosts):
        raise InputError(
            f"between 1 and {HOSTS_MAX} hosts are asked, each once",
            where="hosts",
            remedy="name each host and the line it is on",
        )
    body = exactly(content["asked"], RequestBody, "asked")

    def ask(tx: Tx, line: str, host: str) -> str:
        reader = LineReader(core, tx, line)
        before = read.newest_request(reader.rows, core.party, content["permission"], host)
        if before is not None:
            raise StateError(
                f"{host} was asked for {content['permission']} before",
                where=f"line {reader.name}",
                remedy="renew that request, or ask under another name",
            )
        draft = _draft(reader, host, content, body, None)
        return write(core, tx, reader.founding, reader.rows, draft, officer=officer).id

    def work(tx: Tx) -> str:
        def add() -> str:
            return ",".join(ask(tx, line, host) for line, host in hosts)

        return once(tx, key, "permission-request", content, add)

    written = core.store.write(work).split(",")
    core.engine.follow()
    with core.store.read() as tx:
        return [
            record.entry(LineReader(core, tx, line), entry)
            for (line, _), entry in zip(hosts, written, strict=True)
        ]


def _renew(core: Core, line: str, content: Json, *, officer: str, key: str | None) -> EntryView:
    def make(reader: LineReader) -> Draft:
        one = _found(reader, content["request"])
        if one.party != core.party or one.renewed_by is not None:
            raise StateError(
                f"that request is of {one.party}"
                if one.party != core.party
                else "that request is renewed already",
                where=_where(one),
                remedy="renew the newest request of ours",
            )
        body = one.asked
        if content["asked"] is not None:
            body = exactly(content["asked"], RequestBody, "asked")
        if body is None:
            raise StateError(
                "what was asked for is not known here",
                where=_where(one),
                remedy="say what is asked for",
            )
        again = {**content, "permission": one.permission, "kind": one.kind}
        return _draft(reader, one.host, again, body, one)

    return say(
        core, line, make, officer=officer, key=key, action="permission-renew", content=content
    )


def _draft(
    reader: LineReader, host: str, content: Json, body: RequestBody, before: Permission | None
) -> Draft:
    """A request, checked against the line as it stands."""
    _check_watching(reader)
    _check_host(reader, host)
    from_s, until_s = _window(reader, content["start"], content["end"])
    if body.quota is not None and not content["overdraw"]:
        _check_quota(reader, host, body.quota, before)
    return request_draft(
        content["permission"],
        host,
        content["kind"],
        body,
        from_s=from_s,
        until_s=until_s,
        renews=None if before is None else before.entry,
    )


def _check_watching(reader: LineReader) -> None:
    if reader.terms.watching is None:
        raise StateError(
            f"the terms of the line {reader.name} say nothing of watching, so nobody would owe "
            "an answer",
            remedy="have every party sign terms with a [watching] part: "
            "`detente line terms --watching` prints one, `detente line sign-terms` signs it",
        )


def _check_host(reader: LineReader, host: str) -> None:
    members = read.present(reader.rows, reader.founding)
    others = [one for one in members if not reader.is_own(one)]
    if host not in others:
        what = "is this node's own party" if reader.is_own(host) else "is no member of it"
        raise InputError(
            f"{host[:40]!r} {what}",
            where=f"line {reader.name}: host",
            remedy=f"ask a member ({', '.join(others)}), or name the line that it is on",
        )


def _window(reader: LineReader, start: str, end: str) -> tuple[float, float]:
    from_s, until_s = read_time_s(start, "start"), read_time_s(end, "end")
    if until_s <= reader.now_s:
        raise InputError(
            f"the window ended at {end}, and it is {format_time(reader.now_s)} on this line",
            where="end",
            remedy="give one that has not passed; times are the line's domain time, UTC",
        )
    if until_s < from_s:
        raise InputError("the window ends before it begins", where="end", remedy="correct it")
    return from_s, until_s


def _check_quota(reader: LineReader, host: str, name: str, before: Permission | None) -> None:
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


def _answer(core: Core, line: str, content: Json, *, officer: str, key: str | None) -> EntryView:
    limits = exactly(content["limits"] or {}, Limits, "limits")
    body = AnswerBody(limits=limits, note=content["note"])

    def make(reader: LineReader) -> Draft:
        one = _asked_of_us(reader, content["request"])
        if one.reply is not None or one.forgone is not None:
            state = "answered" if one.reply is not None else "withdrawn"
            raise StateError(
                f"that request is {state} already",
                where=_where(one),
                remedy="revoke what we granted, or wait for it to be renewed"
                if one.reply is not None
                else "nothing is to be answered any more",
            )
        if content["answer"] == "refused":
            return _refusal(one, content, body)
        from_s, until_s = _window(
            reader, content["start"] or one.from_, content["end"] or one.until
        )
        _check_answer(reader, one, content["answer"], body, from_s, until_s)
        return answer_draft(one.entry, content["answer"], body, from_s=from_s, until_s=until_s)

    return say(
        core, line, make, officer=officer, key=key, action="permission-answer", content=content
    )


def _refusal(one: Permission, content: Json, body: AnswerBody) -> Draft:
    if content["start"] or content["end"] or body.limits != Limits():
        raise InputError(
            "a refusal has neither a window nor limits",
            where=_where(one),
            remedy="grant it with these limits, or leave them out",
        )
    return answer_draft(one.entry, "refused", body)


def _check_answer(
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
            where=_where(one),
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
            where=_where(one),
            remedy=f"grant what was asked or less; {one.party} can ask for more",
        )


def _revoke(core: Core, line: str, content: Json, *, officer: str, key: str | None) -> EntryView:
    def make(reader: LineReader) -> Draft:
        one = _asked_of_us(reader, content["request"])
        if not one.granted or one.revocation is not None:
            what = "revoked already" if one.revocation is not None else "not granted"
            raise StateError(
                f"that request is {what}", where=_where(one), remedy="see the ledger for what holds"
            )
        from_s = reader.now_s
        if content["start"] is not None:
            from_s = read_time_s(content["start"], "start")
            if from_s < reader.now_s:
                raise InputError(
                    f"{content['start']} has passed: it is {format_time(reader.now_s)} on this "
                    "line, and what was done until now was permitted",
                    where="start",
                    remedy="leave it out to revoke from now on",
                )
        return revoke_draft(one.entry, from_s, content["note"])

    return say(
        core, line, make, officer=officer, key=key, action="permission-revoke", content=content
    )


def _withdraw(core: Core, line: str, content: Json, *, officer: str, key: str | None) -> EntryView:
    def make(reader: LineReader) -> Draft:
        one = _found(reader, content["request"])
        refused = one.reply is not None and not one.granted
        if one.party != core.party or one.forgone is not None or refused:
            what = f"of {one.party}" if one.party != core.party else "withdrawn already"
            raise StateError(
                f"that request is {'refused' if refused else what}",
                where=_where(one),
                remedy="withdraw what we asked for ourselves and was not refused",
            )
        return forgo_draft(one.entry, content["note"])

    return say(
        core, line, make, officer=officer, key=key, action="permission-withdraw", content=content
    )


def _found(reader: LineReader, request: str) -> Permission:
    one = read.permission(reader.rows, reader.founding, request)
    if one is None:
        raise no_such("request", request, reader.founding)
    return one


def _asked_of_us(reader: LineReader, request: str) -> Permission:
    one = _found(reader, request)
    if not reader.is_own(one.host):
        raise StateError(
            f"that request is to {one.host}",
            where=_where(one),
            remedy=f"leave it to {one.host}; a host speaks for its own ground only",
        )
    return one


def _where(one: Permission) -> str:
    return f"request {one.party}/{one.permission} to {one.host}"


def exactly(value: Any, kind: type[T], where: str) -> T:
    """An officer's JSON as a ``kind``; InputError also for a field that nothing reads.

    Readers of the record skip what they do not know; who writes has misspelt it.
    """
    found = read_struct(value, kind, where)
    _check_fields(value, msgspec.to_builtins(found), where)
    return found


def _check_fields(given: Any, known: Any, where: str) -> None:
    if isinstance(given, dict) and isinstance(known, dict):
        for name, value in given.items():
            if name not in known:
                raise InputError(
                    f"{name[:60]!r} is no field of it",
                    where=where,
                    remedy=f"use {', '.join(known)}",
                )
            _check_fields(value, known[name], f"{where}: {name}")
    elif isinstance(given, list | tuple) and isinstance(known, list | tuple):
        for one, other in zip(given, known, strict=True):
            _check_fields(one, other, where)

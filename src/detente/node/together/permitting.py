"""The permission ledger: asking hosts, answering as one, and what is taken back.

A request to several hosts is one statement to each of them, on whichever line each is; all of them
are written in one transaction, or none. What would be a mistake for certain is refused here, before
it is on the record; what a peer does all the same is shown.
"""

from collections.abc import Sequence
from typing import Any

from detente.errors import InputError, StateError
from detente.line import Draft, answer_draft, forgo_draft, read, request_draft, revoke_draft
from detente.line.abouts import PermissionAnswer, PermissionKind
from detente.line.bodies import AnswerBody, Limits, RequestBody
from detente.line.read import Permission
from detente.node.core import Core
from detente.node.once import once
from detente.node.saying import say
from detente.node.show import permitting as show
from detente.node.show import record
from detente.node.show.reader import LineReader
from detente.node.together import permitting_rules as rules
from detente.node.together.exact import exactly
from detente.node.views import EntryView, PermissionView
from detente.node.writing import write
from detente.store.store import Tx
from detente.volumes.times import format_time, parse_time_s

Json = dict[str, Any]
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
        one = rules.found(reader, content["request"])
        if one.party != core.party or one.renewed_by is not None:
            raise StateError(
                f"that request is of {one.party}"
                if one.party != core.party
                else "that request is renewed already",
                where=rules.where(one),
                remedy="renew the newest request of ours",
            )
        body = one.asked
        if content["asked"] is not None:
            body = exactly(content["asked"], RequestBody, "asked")
        if body is None:
            raise StateError(
                "what was asked for is not known here",
                where=rules.where(one),
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
    rules.check_watching(reader)
    rules.check_host(reader, host)
    from_s, until_s = rules.window_s(reader, content["start"], content["end"])
    if body.quota is not None and not content["overdraw"]:
        rules.check_quota(reader, host, body.quota, before)
    return request_draft(
        content["permission"],
        host,
        content["kind"],
        body,
        from_s=from_s,
        until_s=until_s,
        renews=None if before is None else before.entry,
    )


def _answer(core: Core, line: str, content: Json, *, officer: str, key: str | None) -> EntryView:
    limits = exactly(content["limits"] or {}, Limits, "limits")
    body = AnswerBody(limits=limits, note=content["note"])

    def make(reader: LineReader) -> Draft:
        one = rules.asked_of_us(reader, content["request"])
        if one.reply is not None or one.forgone is not None:
            state = "answered" if one.reply is not None else "withdrawn"
            raise StateError(
                f"that request is {state} already",
                where=rules.where(one),
                remedy="revoke what we granted, or wait for it to be renewed"
                if one.reply is not None
                else "nothing is to be answered any more",
            )
        if content["answer"] == "refused":
            return _refusal(one, content, body)
        from_s, until_s = rules.window_s(
            reader, content["start"] or one.from_, content["end"] or one.until
        )
        rules.check_answer(reader, one, content["answer"], body, from_s, until_s)
        return answer_draft(one.entry, content["answer"], body, from_s=from_s, until_s=until_s)

    return say(
        core, line, make, officer=officer, key=key, action="permission-answer", content=content
    )


def _refusal(one: Permission, content: Json, body: AnswerBody) -> Draft:
    if content["start"] or content["end"] or body.limits != Limits():
        raise InputError(
            "a refusal has neither a window nor limits",
            where=rules.where(one),
            remedy="grant it with these limits, or leave them out",
        )
    return answer_draft(one.entry, "refused", body)


def _revoke(core: Core, line: str, content: Json, *, officer: str, key: str | None) -> EntryView:
    def make(reader: LineReader) -> Draft:
        one = rules.asked_of_us(reader, content["request"])
        if not one.granted or one.revocation is not None:
            what = "revoked already" if one.revocation is not None else "not granted"
            raise StateError(
                f"that request is {what}",
                where=rules.where(one),
                remedy="see the ledger for what holds",
            )
        from_s = reader.now_s
        if content["start"] is not None:
            from_s = parse_time_s(content["start"], where="start")
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
        one = rules.found(reader, content["request"])
        refused = one.reply is not None and not one.granted
        if one.party != core.party or one.forgone is not None or refused:
            what = f"of {one.party}" if one.party != core.party else "withdrawn already"
            raise StateError(
                f"that request is {'refused' if refused else what}",
                where=rules.where(one),
                remedy="withdraw what we asked for ourselves and was not refused",
            )
        return forgo_draft(one.entry, content["note"])

    return say(
        core, line, make, officer=officer, key=key, action="permission-withdraw", content=content
    )

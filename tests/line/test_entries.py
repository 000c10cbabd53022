"""Drafts and bodies: what a node would sign is what any node can read."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.errors import InputError, LimitError
from detente.line import (
    PhraseBody,
    Shift,
    TextBody,
    acknowledgement_draft,
    assent_draft,
    check_draft,
    decline_draft,
    lapse_draft,
    message_draft,
    proposal_draft,
    read_about,
    read_activity,
    read_message,
    read_note,
    read_proposal,
    release_draft,
    resume_draft,
    suspend_draft,
    withdraw_draft,
)
from detente.line.abouts import ABOUTS
from detente.volumes import Activity

E = "e" * 64
C = "c" * 64
DAWN, NOON = "2021-08-09T01:00:00Z", "2021-08-09T12:00:00Z"
ABOUTS_OF_THE_PROTOCOL: dict[str, dict[str, Any]] = {
    "line.join": {},
    "line.admit": {"party": "tj", "sign_key": "A" * 43 + "=", "card_sha256": E},
    "terms.sign": {"version": 2, "terms_sha256": E},
    "activity.release": {
        "activity": "orbit-1",
        "version": 1,
        "supersedes": None,
        "form": "exact",
        "settles": None,
    },
    "activity.withdraw": {"activity": "orbit-1", "version": 3, "supersedes": E},
    "message": {"precedence": "routine", "reply_to": None, "conflict": None},
    "acknowledgement": {"entry": E, "level": "understood"},
    "proposal": {"conflict": C, "versions": {"ru": E, "us": E}, "moves": "ru"},
    "proposal.assent": {"proposal": E},
    "proposal.decline": {"proposal": E},
    "line.check": {"slot": "2021-08-09T00:00:00Z"},
    "line.suspend": {},
    "line.resume": {},
    "line.leave": {},
    "key.rotate": {
        "sign_key": "GXL7yy+3zk1ZpDVm1sVfGZ6Vdv6xJbpcYVTe2R8Iycw=",
        "card_sha256": C,
        "vouched": False,
    },
    "key.vouch": {"party": "ru", "card_sha256": C},
    "lapse": {"owed_by": "ru", "entry": E, "what": "understood", "due": "2021-08-09T00:00:00Z"},
    "commitment": {
        "sha256": C,
        "subject": "statement",
        "open_from": "2021-08-09T00:00:00Z",
        "open_by": None,
    },
    "commitment.open": {"commitment": E},
    "recall": {"entry": E},
    "recall.honoured": {"recall": E},
    "permission.request": {
        "permission": "observers-khujand",
        "host": "tj",
        "kind": "visit",
        "from": DAWN,
        "until": NOON,
        "renews": None,
    },
    "permission.answer": {"request": E, "answer": "limited", "from": DAWN, "until": NOON},
    "permission.revoke": {"request": E, "from": DAWN},
    "permission.withdraw": {"request": E},
    "visit.notice": {"visit": "v-1", "host": "tj", "request": E, "from": DAWN, "until": NOON},
    "visit.acknowledge": {"visit": E},
    "visit.stage": {"visit": E, "stage": "arrived", "at": DAWN},
    "visit.inspect": {"visit": E, "finding": "as-agreed"},
    "visit.plan": {
        "visit": E,
        "version": 1,
        "supersedes": None,
        "activity": "mission-1",
        "release": C,
    },
    "visit.review": {"plan": E, "answer": "change", "ground": "safety"},
    "visit.restrict": {"visit": E, "from": DAWN, "until": NOON},
    "visit.deviation": {"visit": E, "at": DAWN},
    "visit.cancel": {"visit": E, "ground": "weather"},
    "visit.seal": {
        "visit": E,
        "item": "card-1",
        "content_sha256": C,
        "size_bytes": 9,
        "manifest_sha256": E,
    },
    "visit.open": {
        "visit": E,
        "item": "card-1",
        "manifest_sha256": E,
        "finding": "intact",
        "found_sha256": C,
    },
    "visit.session": {
        "visit": E,
        "session": "s-1",
        "ended": "closed",
        "actions": 12,
        "log_sha256": C,
    },
    "visit.report": {"visit": E, "version": 1, "supersedes": None, "report_sha256": C},
    "observation.report": {
        "observation": "o-1",
        "version": 1,
        "supersedes": None,
        "marking": "TLP:AMBER+STRICT",
    },
    "observation.retract": {"observation": "o-1", "version": 2, "supersedes": E},
    "observation.link": {
        "a": {"party": "ru", "observation": "o-7"},
        "b": {"party": "us", "observation": "o-1"},
    },
    "observation.dispute": {"link": E},
    "observation.takeback": {"of": E},
    "report.daily": {"day": "2021-08-09", "cutoff": NOON, "joint_sha256": C},
}


def test_every_type_of_the_protocol_is_known() -> None:
    assert set(ABOUTS) == set(ABOUTS_OF_THE_PROTOCOL)


@pytest.mark.parametrize("kind", ABOUTS_OF_THE_PROTOCOL)
def test_facts_are_read_exactly(kind: str) -> None:
    facts = ABOUTS_OF_THE_PROTOCOL[kind]
    assert read_about(kind, facts) is not None
    with pytest.raises(InputError):
        read_about(kind, {**facts, "later": True})
    for field in facts:
        with pytest.raises(InputError):
            read_about(kind, {name: value for name, value in facts.items() if name != field})
        with pytest.raises(InputError):
            read_about(kind, {**facts, field: ["wrong"]})


def test_a_type_of_a_later_version_is_not_an_error() -> None:
    assert read_about("visit.later", {"anything": 1}) is None


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("activity.release", {"supersedes": E}),
        ("activity.release", {"version": 2}),
        ("activity.release", {"version": True}),
        ("activity.release", {"form": "presence"}),
        ("activity.release", {"activity": "a\n"}),
        ("activity.withdraw", {"supersedes": None}),
        ("message", {"precedence": "flash"}),
        ("message", {"reply_to": E.upper()}),
        ("proposal", {"moves": "tj"}),
        ("proposal", {"versions": {"ru": E}}),
        ("proposal", {"versions": {"ru": E, "us": E, "tj": E}}),
        ("line.check", {"slot": "2021-08-09T05:00:00+05:00"}),
        ("lapse", {"entry": None}),
        ("lapse", {"what": "line-check"}),
        ("permission.request", {"from": "2021-08-10T00:00:00Z"}),
        ("permission.answer", {"from": None}),
        ("permission.answer", {"answer": "refused"}),
        ("visit.notice", {"until": "2021-08-09T00:00:00Z"}),
        ("visit.plan", {"supersedes": C}),
        ("visit.review", {"ground": None}),
        ("visit.review", {"ground": "politics"}),
        ("visit.report", {"version": 2}),
        ("visit.seal", {"size_bytes": -1}),
        ("observation.report", {"marking": "TLP:RED"}),
        ("observation.report", {"version": 2}),
        ("observation.link", {"b": {"party": "ru", "observation": "o-7"}}),
        ("observation.link", {"b": {"party": "ru", "observation": "o-1"}}),
        ("report.daily", {"day": "20210809"}),
    ],
)
def test_facts_that_contradict_themselves(kind: str, change: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        read_about(kind, {**ABOUTS_OF_THE_PROTOCOL[kind], **change})
    assert any(word in str(caught.value) for word in (kind, "slot", "from", "until"))


def test_drafts_are_read_as_they_were_meant(circle: Callable[..., Activity]) -> None:
    activity = circle("us")
    for draft in (
        release_draft(activity, version=2, supersedes=E, form="coarse", settles=E, note="n"),
        withdraw_draft("orbit", version=2, supersedes=E, note="n"),
        message_draft(text="Проверка", language="ru", precedence="priority", reply_to=E),
        acknowledgement_draft(E, "disseminated", "n"),
        proposal_draft(conflict=C, versions={"us": E, "ru": C}, moves="us", shift=Shift(60.0)),
        assent_draft(E),
        decline_draft(E, "n"),
        check_draft(1628467200.0),
        suspend_draft("n"),
        resume_draft(),
        lapse_draft(owed_by="ru", entry=None, what="line-check", due_s=1628469000.0),
    ):
        type_, about, body, _ = draft
        assert read_about(type_, about) is not None
        json.loads(body)


def test_a_release_carries_kind_and_volumes_and_nothing_else(
    circle: Callable[..., Activity],
) -> None:
    private = Activity("us", "orbit", "survey", circle("us").volumes, ("altitude was guessed",))
    body = release_draft(private, version=1, supersedes=None, form="exact", note="public").body
    assert set(json.loads(body)) == {"kind", "volumes", "note"}
    activity, note = read_activity(body, "us", "orbit")
    assert activity == circle("us")
    assert note == "public"
    assert b"guessed" not in body


@given(st.text(min_size=1, max_size=4000), st.sampled_from(["en", "ru", "zh-Hant"]))
@settings(max_examples=50)
def test_any_text_travels_unchanged(text: str, language: str) -> None:
    try:
        body = message_draft(text=text, language=language).body
    except InputError:
        # Only half of a surrogate pair cannot be written as UTF-8.
        assert any("\ud800" <= character <= "\udfff" for character in text)
        return
    assert read_message(body) == TextBody(text, language)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"text": "a", "phrase": "say-again"},
        {"text": ""},
        {"text": "x" * 4001},
        {"text": "a", "language": "English"},
        {"phrase": "no-such-phrase"},
        {"phrase": "stand-by", "slots": {"until": "noon"}},
        {"text": "a", "precedence": "flash"},
        {"text": "a", "reply_to": "e1"},
    ],
)
def test_messages_that_nobody_could_read_are_not_drafted(arguments: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        message_draft(**arguments)


@pytest.mark.parametrize(
    "shift",
    [Shift(), Shift(60.0, 30.48), Shift(0.0), Shift(altitude_m=0.0), Shift(1e12), Shift(None, 1e6)],
)
def test_a_shift_moves_something_in_one_way(shift: Shift) -> None:
    with pytest.raises(InputError):
        proposal_draft(conflict=C, versions={"us": E, "ru": E}, moves="us", shift=shift)


@pytest.mark.parametrize(
    ("read", "body"),
    [
        (read_note, b"[]"),
        (read_note, b'{"note":1}'),
        (read_note, b'{"note":"' + b"x" * 1001 + b'"}'),
        (read_note, b'{"note":"","note":""}'),
        (read_message, b'{"text":"a","phrase":"say-again","language":"en","slots":{}}'),
        (read_message, b'{"text":"a"}'),
        (read_message, b'{"phrase":"say-again","slots":{"a":1}}'),
        (read_message, b'{"phrase":"Say Again","slots":{}}'),
        (read_message, b'{"text":"a","language":"en"'),
        (read_proposal, b'{"shift":{},"note":""}'),
        (read_proposal, b'{"shift":{"time_s":1e999},"note":""}'),
        (read_proposal, b'{"shift":{"time_s":60,"altitude_m":1},"note":""}'),
        (read_proposal, b"\xff\xfe"),
        (read_message, b"[" * 100_000),
    ],
)
def test_bodies_that_cannot_be_read(read: Callable[[bytes], object], body: bytes) -> None:
    with pytest.raises(InputError) as caught:
        read(body)
    assert caught.value.remedy


@pytest.mark.parametrize(
    "change",
    [
        {"kind": ""},
        {"kind": None},
        {"volumes": []},
        {"volumes": [{}]},
        {"volumes": {}},
        {"note": "x" * 1001},
    ],
)
def test_released_activities_that_cannot_be_read(
    change: dict[str, Any], circle: Callable[..., Activity]
) -> None:
    body = release_draft(circle("us"), version=1, supersedes=None, form="exact").body
    with pytest.raises(InputError):
        read_activity(json.dumps({**json.loads(body), **change}).encode(), "us", "orbit")


def test_fields_that_are_not_named_are_ignored_in_bodies() -> None:
    assert read_note(b'{"note":"n","later":1}') == "n"
    said = read_message(b'{"phrase":"say-again","slots":{},"later":1}')
    assert said == PhraseBody("say-again", {})


def test_an_activity_too_large_to_send_is_refused(circle: Callable[..., Activity]) -> None:
    volume = circle("us").volumes[0]
    with pytest.raises(LimitError):
        release_draft(
            Activity("us", "orbit", "survey", (volume,) * 4900),
            version=1,
            supersedes=None,
            form="exact",
        )

"""Plans are private, every change of them is on the internal record, and filing twice is once."""

import base64
from typing import Any

import msgspec
import pytest

from detente.errors import DetenteError, InputError, NotFoundError, StateError
from detente.node.views import ShiftView
from detente.volumes import Activity

LINE = "northern-watch"


def test_a_plan_is_kept_as_it_was_filed(pair: Any) -> None:
    us = pair.nodes["us"]
    activity = msgspec.structs.replace(pair.circle("us", "orbit-1"), notes=("read from a file",))
    filed = us.file(activity, title="Orbit", officer="a")
    assert us.plans() == [filed] == [us.plan("orbit-1")]
    assert (filed.title, filed.revision, filed.changed_by) == ("Orbit", 1, "a")
    assert (filed.start, filed.end) == ("2026-11-22T09:00:00Z", "2026-11-22T11:00:00Z")
    assert filed.notes == ["read from a file"]
    assert filed.changed == "2026-11-22T08:00:00Z"


def test_nothing_of_it_reaches_the_line(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    before = us.state_document(LINE), us.heads(us.line(LINE).id, "ru")
    us.file(pair.circle("us", "orbit-1"), title="secret", officer="a")
    assert (us.state_document(LINE), us.heads(us.line(LINE).id, "ru")) == before
    pair.sync()
    assert ru.activities(LINE) == []


def test_each_change_leaves_a_row_with_what_was(pair: Any) -> None:
    us = pair.nodes["us"]
    us.file(pair.circle("us", "orbit-1"), title="one", officer="a")
    pair.clock.at_s += 60
    us.change(pair.circle("us", "orbit-1", radius_m=1000.0), title="two", officer="b")
    us.change(pair.circle("us", "orbit-1", radius_m=2000.0), officer="b")
    assert us.plan("orbit-1").title == "two"
    us.drop("orbit-1", "c")
    rows = [act for act in us.audit(0, 1000) if act.subject == "orbit-1"]
    assert [(row.officer, row.action) for row in rows] == [
        ("a", "plan.file"),
        ("b", "plan.change"),
        ("b", "plan.change"),
        ("c", "plan.drop"),
    ]
    assert [row.detail["plan"]["volumes"][0]["radius_m"] for row in rows] == [
        20000.0,
        1000.0,
        2000.0,
        2000.0,
    ]
    assert [row.detail["revision"] for row in rows] == [1, 2, 3, 3]
    assert rows[1].time == "2026-11-22T08:01:00Z"
    with pytest.raises(NotFoundError):
        us.plan("orbit-1")


def test_filing_again_under_its_key_gives_the_first_answer(pair: Any) -> None:
    us = pair.nodes["us"]
    activity = pair.circle("us", "orbit-1")
    first = us.file(activity, title="Orbit", officer="a", key="k1")
    assert us.file(activity, title="Orbit", officer="a", key="k1") == first
    assert [a.action for a in us.audit(0, 1000) if a.subject == "orbit-1"] == ["plan.file"]


def test_a_key_is_for_one_request(pair: Any) -> None:
    us = pair.nodes["us"]
    us.file(pair.circle("us", "orbit-1"), title="", officer="a", key="k1")
    same, other = pair.circle("us", "orbit-1"), pair.circle("us", "orbit-2")
    with pytest.raises(StateError, match="idempotency key"):
        us.file(other, title="", officer="a", key="k1")
    with pytest.raises(StateError, match="idempotency key"):
        us.file(same, title="other", officer="a", key="k1")
    with pytest.raises(StateError, match="idempotency key"):
        us.change(same, officer="a", key="k1")
    with pytest.raises(StateError, match="idempotency key"):
        us.send(LINE, text="hello", officer="a", key="k1")
    assert [plan.id for plan in us.plans()] == ["orbit-1"]
    assert us.messages(LINE) == []


def test_a_refused_request_does_not_use_up_its_key(pair: Any) -> None:
    us = pair.nodes["us"]
    with pytest.raises(NotFoundError):
        us.release("orbit-1", LINE, "exact", officer="a", key="k1")
    us.file(pair.circle("us", "orbit-1"), title="", officer="a")
    released = us.release("orbit-1", LINE, "exact", officer="a", key="k1")
    assert us.release("orbit-1", LINE, "exact", officer="a", key="k1").id == released.id
    assert len([e for e in us.entries(LINE, "us") if e.type == "activity.release"]) == 1


@pytest.mark.parametrize("key", ["", "x" * 201, "a\nb", "a\x00b"])
def test_a_key_that_cannot_be_kept_is_refused(pair: Any, key: str) -> None:
    with pytest.raises(InputError):
        pair.nodes["us"].file(pair.circle("us", "orbit-1"), title="", officer="a", key=key)


def bad_plans(pair: Any) -> dict[str, tuple[Activity, str]]:
    good: Activity = pair.circle("us", "orbit-1")
    [volume] = good.volumes
    replace = msgspec.structs.replace

    def with_volume(**changes: Any) -> Activity:
        return replace(good, volumes=(replace(volume, **changes),))

    return {
        "another party's": (pair.circle("ru", "orbit-1"), ""),
        "end before start": (with_volume(end_s=volume.start_s - 1), ""),
        "not a number": (with_volume(radius_m=float("nan")), ""),
        "no volume": (replace(good, volumes=()), ""),
        "id": (replace(good, id="../orbit"), ""),
        "title of two lines": (good, "one\ntwo"),
        "title too long": (good, "x" * 201),
        "title with NUL": (good, "a\x00b"),
    }


@pytest.mark.parametrize(
    "which",
    [
        "another party's",
        "end before start",
        "not a number",
        "no volume",
        "id",
        "title of two lines",
        "title too long",
        "title with NUL",
    ],
)
def test_an_unsound_plan_is_refused(pair: Any, which: str) -> None:
    us = pair.nodes["us"]
    activity, title = bad_plans(pair)[which]
    audit = us.audit(0, 1000)
    with pytest.raises(InputError) as caught:
        us.file(activity, title=title, officer="a")
    assert caught.value.remedy
    assert (us.plans(), us.audit(0, 1000)) == ([], audit)


def test_an_id_is_taken_once(pair: Any) -> None:
    us = pair.nodes["us"]
    us.file(pair.circle("us", "orbit-1"), title="", officer="a")
    with pytest.raises(StateError):
        us.file(pair.circle("us", "orbit-1"), title="", officer="a")


def test_many_are_filed_all_or_none(pair: Any) -> None:
    us = pair.nodes["us"]
    three = [pair.circle("us", f"orbit-{i}") for i in range(3)]
    filed = us.file_all(three, officer="a", key="k")
    assert [plan.id for plan in filed] == ["orbit-0", "orbit-1", "orbit-2"]
    assert us.file_all(three, officer="a", key="k") == filed
    with pytest.raises(StateError):
        us.file_all([pair.circle("us", "new"), pair.circle("us", "orbit-1")], officer="a")
    with pytest.raises(StateError):
        us.file_all([pair.circle("us", "twice"), pair.circle("us", "twice")], officer="a")
    assert len(us.plans()) == 3


def test_what_the_preview_shows_is_what_is_sent(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    us.file(pair.circle("us", "orbit-1", radius_m=12_345.0), title="secret", officer="a")
    for form in ("exact", "coarse"):
        shown = us.preview("orbit-1", LINE, form)
        entry = us.release("orbit-1", LINE, form, officer="a")
        pair.sync()
        bundle = ru.read_log(ru.line(LINE).id, "us", entry.index, "ru").entries[0]
        assert msgspec.json.decode(msgspec.json.encode(bundle["body"]), type=bytes) == (
            shown.body.encode()
        )
        assert entry.about == shown.about
        assert "secret" not in shown.body
        assert bool(shown.larger_by) == (form == "coarse")
    assert shown.about["version"] == 2


def test_the_same_version_is_not_released_twice(pair: Any) -> None:
    us = pair.nodes["us"]
    us.file(pair.circle("us", "orbit-1"), title="", officer="a")
    us.release("orbit-1", LINE, "coarse", officer="a")
    with pytest.raises(StateError, match="has this version"):
        us.release("orbit-1", LINE, "coarse", officer="a")
    us.change(pair.circle("us", "orbit-1", radius_m=1000.0), officer="a")
    assert us.plan("orbit-1").releases[0].current is False
    us.release("orbit-1", LINE, "coarse", officer="a")
    assert us.plan("orbit-1").releases[0].current is True


def test_a_plan_that_a_line_sees_is_not_dropped(pair: Any) -> None:
    us = pair.nodes["us"]
    us.file(pair.circle("us", "orbit-1"), title="", officer="a")
    us.release("orbit-1", LINE, "exact", officer="a")
    with pytest.raises(StateError, match="sees this plan"):
        us.drop("orbit-1", "a")
    us.withdraw("orbit-1", LINE, "off", officer="a")
    assert us.plan("orbit-1").releases[0].withdrawn
    us.drop("orbit-1", "a")
    [left] = us.activities(LINE)
    assert (left.withdrawn, left.note) == (True, "off")


def test_a_withdrawn_activity_can_be_released_again(pair: Any) -> None:
    us = pair.nodes["us"]
    us.file(pair.circle("us", "orbit-1"), title="", officer="a")
    us.release("orbit-1", LINE, "exact", officer="a")
    us.withdraw("orbit-1", LINE, officer="a")
    with pytest.raises(StateError):
        us.withdraw("orbit-1", LINE, officer="a")
    assert us.release("orbit-1", LINE, "exact", officer="a").about["version"] == 3


@pytest.mark.parametrize(
    ("plan", "line", "form", "error"),
    [
        ("none", LINE, "exact", NotFoundError),
        ("orbit-1", "none", "exact", NotFoundError),
        ("orbit-1", LINE, "vague", InputError),
    ],
)
def test_what_is_not_there_is_not_released(
    pair: Any, plan: str, line: str, form: str, error: type[DetenteError]
) -> None:
    us = pair.nodes["us"]
    us.file(pair.circle("us", "orbit-1"), title="", officer="a")
    for call in (us.preview, us.release):
        with pytest.raises(error):
            call(plan, line, form, **({"officer": "a"} if call == us.release else {}))
    assert len(us.entries(LINE, "us")) == 1


def test_what_was_changed_after_it_was_looked_at_is_not_released(pair: Any) -> None:
    """Two officers are on watch: one looks and decides, the other changes the plan meanwhile."""
    us = pair.nodes["us"]
    us.file(pair.circle("us", "orbit-1"), title="", officer="a")
    shown = us.preview("orbit-1", LINE, "exact").sha256
    us.drop("orbit-1", "b")
    us.file(pair.circle("us", "orbit-1", radius_m=1000.0), title="", officer="b")
    with pytest.raises(StateError, match="changed since"):
        us.release("orbit-1", LINE, "exact", shown=shown, officer="a")
    assert us.plan("orbit-1").releases == []
    again = us.preview("orbit-1", LINE, "exact")
    released = us.release("orbit-1", LINE, "exact", shown=again.sha256, officer="a")
    assert msgspec.json.encode(released.body, order="sorted").decode() == again.body


def test_nothing_private_is_in_anything_a_peer_can_ask_for(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    secret = "the-secret"
    plan = msgspec.structs.replace(pair.circle("us", "orbit-1"), notes=(f"note {secret}",))
    us.add_officer(f"officer {secret}", "watch")
    us.file(plan, title=f"title {secret}", officer=secret, key=f"key-{secret}")
    us.file(pair.circle("us", f"unreleased-{secret}"), title="", officer=secret)
    ru.file(pair.circle("ru", "recce-1"), title="", officer="b")
    ru.release("recce-1", LINE, "exact", officer="b")
    for form in ("exact", "coarse"):
        us.release("orbit-1", LINE, form, officer=secret, key=f"{form}-{secret}")
    pair.sync()
    conflict = next(c.id for c in us.conflicts(LINE) if c.basis == "joint")
    us.propose(LINE, conflict, "us", ShiftView(time_s=36_000.0), officer=secret)
    pair.sync()
    ru.assent(LINE, ru.proposals(LINE)[0].id, officer="b")
    pair.sync()
    us.carry_out(LINE, us.proposals(LINE)[0].id, officer=secret)
    us.withdraw("orbit-1", LINE, officer=secret)
    us.send(LINE, text="hello", officer=secret)
    pair.sync()
    line = us.line(LINE).id
    served = [str(head) for head in us.heads(line, "ru").values()]
    for bundle in us.read_log(line, "us", 0, "ru").entries:
        served += [base64.b64decode(bundle["envelope"]["payload"]).decode()]
        served += [base64.b64decode(bundle["body"]).decode()]
    assert len(served) > 10
    assert not [text for text in served if secret in text]
    assert secret.encode() not in us.state_document(LINE)
    # All of it is here, on the internal record.
    assert any(secret in str(act) for act in us.audit())

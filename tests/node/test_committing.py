"""What is fixed now and told later, at two nodes: hidden until then, and checked by both."""

import hashlib
from typing import Any

import pytest

from detente.errors import InputError, NotFoundError, StateError
from detente.record.reading import decode_base64

LINE = "northern-watch"


def test_a_plan_is_fixed_hidden_and_opened(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    us.file(pair.circle("us", "orbit", lat=36.512345), title="", officer="a")
    made = us.commit(LINE, plan="orbit", open_by="2026-11-22T09:00:00Z", note="n", officer="a")
    us.change(pair.circle("us", "orbit", lat=10.0), officer="a")
    pair.sync()
    [theirs] = ru.commitments(LINE)
    assert (theirs.state, theirs.activity, theirs.may_open) == ("unopened", None, False)
    assert b"36.512345" not in ru.state_document(LINE)
    pair.clock.at_s += 7200
    assert ru.commitments(LINE)[0].overdue
    us.open_commitment(LINE, made.id, officer="a")
    pair.sync()
    for node in (us, ru):
        [one] = node.commitments(LINE)
        assert (one.state, one.timing, one.may_open) == ("opened", "late", False)
        assert one.activity is not None
        assert one.activity["volumes"][0]["core"]["coordinates"][1] == 36.512345
        assert node.activities(LINE) == []
        assert node.verify() == []
    assert us.state_document(LINE) == ru.state_document(LINE)


def test_anybody_with_the_record_can_check_it(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    made = us.commit(LINE, text="gone by noon", officer="a")
    opened = us.open_commitment(LINE, made.id, officer="a")
    pair.sync()
    committed, opening = ru.read_log(us.line(LINE).id, "us", made.index, "us").entries
    salt, body = (decode_base64(opening[name], name) for name in ("salt", "body"))
    assert hashlib.sha256(salt + body).hexdigest() == made.about["sha256"]
    assert (opened.body, ru.commitments(LINE)[0].statement) == (
        {"text": "gone by noon", "language": "en"},
        "gone by noon",
    )
    assert committed["salt"] != opening["salt"]


def test_what_cannot_be_committed_to_or_opened(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    for asked in ({}, {"plan": "orbit", "text": "x"}, {"text": "x", "open_by": "noon"}):
        with pytest.raises(InputError):
            us.commit(LINE, **asked, officer="a")
    with pytest.raises(NotFoundError):
        us.commit(LINE, plan="none", officer="a")
    made = us.commit(LINE, text="x", officer="a", key="k")
    assert us.commit(LINE, text="x", officer="a", key="k").id == made.id
    pair.sync()
    with pytest.raises(StateError, match="is of us"):
        ru.open_commitment(LINE, made.id, officer="b")
    with pytest.raises(NotFoundError):
        us.open_commitment(LINE, "0" * 64, officer="a")
    us.open_commitment(LINE, made.id, officer="a")
    with pytest.raises(StateError, match="opened"):
        us.open_commitment(LINE, made.id, officer="a")

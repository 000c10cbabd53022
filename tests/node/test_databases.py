"""The main job over each kind of database, with the same bytes at the end."""

import base64
from typing import Any

import pytest

from detente.errors import CredentialError, SecondOfficerError
from detente.node.officers import NEW_S

LINE = "northern-watch"

pytestmark = pytest.mark.db


def test_a_settlement_over_each_database(make_pair: Any, store_url: str) -> None:
    pair = make_pair({"ru": "detente.db", "us": store_url})
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    for node in (us, ru):
        activity = pair.circle(node.party, f"{node.party}-1")
        node.file(activity, title="План", officer="a", key=f"file-{node.party}")
        node.release(f"{node.party}-1", LINE, "exact", officer="a")
    us.send(LINE, text="hello", officer="a", key="k")
    us.send(LINE, text="hello", officer="a", key="k")
    pair.sync()
    [conflict] = us.conflicts(LINE)
    shift = next(s.shift for s in conflict.suggestions if s.moves == "us" and s.shift.time_s)
    ru.propose(LINE, conflict.id, "us", shift, officer="b")
    pair.sync()
    [proposal] = us.proposals(LINE)
    us.assent(LINE, proposal.id, officer="a")
    us.carry_out(LINE, proposal.id, officer="a")
    us.change(pair.circle("us", "us-1", radius_m=1000.0), officer="a")
    us.withdraw("us-1", LINE, officer="a")
    us.drop("us-1", "a")
    pair.sync()
    us = pair.open("us")
    assert [c.state for c in us.conflicts(LINE)] == ["ended"]
    assert len(us.messages(LINE)) == 1
    assert us.state_document(LINE) == ru.state_document(LINE)
    assert us.verify() == ru.verify() == []
    assert us.entries(LINE, "us")[1].receipts == ru.entries(LINE, "us")[1].receipts
    assert us.officer_of(us.add_officer("watch-1", "watch")).name == "watch-1"


def test_keys_sort_the_same_in_each_database(make_pair: Any, store_url: str) -> None:
    """By bytes, whatever the locale of the server: capitals before small letters, no folding."""
    pair = make_pair({"ru": "detente.db", "us": store_url})
    us = pair.nodes["us"]
    names = ["a", "B", "a-1", "A", "a.1", "a1", "Z9", "a:b"]
    for i, name in enumerate(names):
        us.file(pair.circle("us", name, lat=10.0 + i), title="", officer="a")
        us.release(name, LINE, "exact", officer="a")
    assert [plan.id for plan in us.plans()] == sorted(names)
    assert [activity.id for activity in us.activities(LINE)] == sorted(names)
    pair.sync()
    assert us.state_document(LINE) == pair.nodes["ru"].state_document(LINE)


def test_two_processes_over_one_store_see_each_others_releases(
    make_pair: Any, store_url: str
) -> None:
    """Each has a replica of the conflict engine; the change log keeps them level."""
    from detente.node import Node

    pair = make_pair({"ru": "detente.db", "us": store_url})
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    other = Node.open(pair.directory / "us", clock=pair.clock)
    try:
        us.file(pair.circle("us", "us-1"), title="", officer="a")
        assert other.plan("us-1").conflicts == []
        ru.file(pair.circle("ru", "ru-1"), title="", officer="b")
        ru.release("ru-1", LINE, "exact", officer="b")
        pair.sync()
        assert [c.basis for c in other.plan("us-1").conflicts] == ["own"]
        other.release("us-1", LINE, "exact", officer="a")
        us.send(LINE, text="hello", officer="a")
        pair.sync()
        assert [c.state for c in us.conflicts(LINE)] == ["open"]
        assert us.state_document(LINE) == ru.state_document(LINE) == other.state_document(LINE)
        assert us.verify() == []
    finally:
        other.close()


def test_an_account_that_lay_open_is_sealed_in_each_database(
    make_pair: Any, store_url: str
) -> None:
    from sqlalchemy import create_engine, text

    pair = make_pair({"ru": "detente.db", "us": store_url})
    us = pair.nodes["us"]
    us.add_officer("watch-1", "watch")
    made = us.enrol("watch-1", "herons over a frozen lake")
    plain = base64.b32decode(made.secret)
    server = create_engine(store_url)
    with server.begin() as connection:
        connection.execute(text("UPDATE accounts SET secret = :plain"), {"plain": plain})
    us = pair.open("us")
    with server.connect() as connection:
        [(kept,)] = connection.execute(text("SELECT secret FROM accounts")).fetchall()
    server.dispose()
    assert plain not in bytes(kept)
    us.log_in_with("watch-1", "herons over a frozen lake", made.recovery[0], "192.0.2.1")
    for name in ("boss", "boss-2"):
        us.add_officer(name, "admin")
    pair.clock.at_s += NEW_S
    with pytest.raises(SecondOfficerError):
        us.reset_account("watch-1", by="boss")
    us.reset_account("watch-1", by="boss-2")
    with pytest.raises(CredentialError):
        us.log_in_with("watch-1", "herons over a frozen lake", made.recovery[1], "192.0.2.1")

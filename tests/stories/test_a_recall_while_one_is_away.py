"""A release that should not have been made is recalled while the other party is out of reach.

Told in the order in which it is lived, on two real processes: what was released and read, the
recall that reaches nobody, the other side's return, and what is then left of it anywhere.
"""

from collections.abc import Iterator, Mapping

import pytest

from detente.exercise import northern_watch as exercise
from detente.exercise.officer import Json, Officer, RefusedError, wait_for
from detente.exercise.opening import wait_until_level
from detente.exercise.stage import Stage, run

NEEDLE = exercise.ORBIT.kind.encode()
MESSAGE = "EXERCISE. The orbit is flown from Bagram."


@pytest.fixture
def us(officers: Mapping[str, Officer]) -> Officer:
    return officers["us"]


@pytest.fixture
def ru(officers: Mapping[str, Officer]) -> Officer:
    return officers["ru"]


def bytes_of(stage: Stage, party: str) -> bytes:
    """Every byte of a node's database files as they lie on the disk."""
    files = sorted((stage.directory / party).glob("detente.db*"))
    assert files
    return b"".join(file.read_bytes() for file in files)


def holders(officer: Officer) -> Iterator[dict[str, Json]]:
    """Who holds what, recall by recall."""
    for recall in officer.on_line("recalls"):
        yield {holder["party"]: holder for holder in recall["holders"]}


def said(officer: Officer) -> Json:
    (message,) = officer.on_line("messages")
    found: Json = message
    return found


def test_too_much_is_released_and_said_and_the_other_side_has_it(
    stage: Stage, us: Officer, ru: Officer
) -> None:
    us.file(exercise.ORBIT)
    us.release(exercise.ORBIT.id)
    us.say("messages", {"text": MESSAGE, "language": "en"})
    wait_until_level({"us": us, "ru": ru})
    assert len(ru.on_line("activities")) == 1
    assert said(ru)["text"] == MESSAGE
    assert MESSAGE.encode() in bytes_of(stage, "ru")


def test_a_recall_that_reaches_nobody_is_shown_as_that(
    stage: Stage, us: Officer, ru: Officer
) -> None:
    (released,) = us.on_line("activities")
    received = {one["id"]: one["receipts"].get("ru") for one in us.on_line("entries")}
    stage.nodes["ru"].kill()
    for entry in (released["entry"], said(us)["id"]):
        us.say("recalls", {"entry": entry, "note": "EXERCISE. Sent in error."})
    for recall in us.on_line("recalls"):
        of = {holder["party"]: holder for holder in recall["holders"]}
        assert of["us"]["state"] == "erased"
        assert (of["ru"]["state"], of["ru"]["told"]) == ("holds", None)
        assert of["ru"]["since"] == received[recall["entry"]]
    printed = run("record", "recalls", str(stage.directory / "us"), "--line", exercise.LINE)
    assert printed.count("STILL HOLDS IT") == 2
    assert printed.count("not reached yet") == 2
    # What we may have taken back others still act upon: it is never shown as clear.
    (activity,) = us.on_line("activities")
    assert (activity["unknown"], activity["withdrawn"]) == ("recalled", False)
    stage.nodes["ru"].start()
    stage.nodes["ru"].wait_ready()


def test_the_other_side_comes_back_and_its_node_honours_it(us: Officer, ru: Officer) -> None:
    def all_erased() -> bool:
        return {h["state"] for of in holders(us) for h in of.values()} == {"erased"}

    wait_for("the receipts of both recalls", all_erased)
    wait_until_level({"us": us, "ru": ru})
    (activity,) = ru.on_line("activities")
    assert (activity["unknown"], activity["volumes"]) == ("recalled", [])
    assert said(ru)["unknown"] == "recalled"
    assert us.raw(f"/lines/{us.line}/state") == ru.raw(f"/lines/{ru.line}/state")


def test_nothing_of_it_is_left_on_either_disk(stage: Stage, us: Officer, ru: Officer) -> None:
    for party in ("us", "ru"):
        assert MESSAGE.encode() not in bytes_of(stage, party)
    # Our own plan is ours to keep; the other side keeps not even its kind.
    assert NEEDLE in bytes_of(stage, "us")
    ours = exercise.ORBIT.volumes[0].core.rings[0][0]
    assert str(ours[0]).encode() not in bytes_of(stage, "ru")


def test_what_was_recalled_and_who_has_honoured_it_stays_on_the_record(
    stage: Stage, us: Officer, ru: Officer
) -> None:
    types = [entry["type"] for entry in ru.on_line("entries")]
    assert types.count("recall") == types.count("recall.honoured") == 2
    # No receipt of a receipt follows, however long the two exchange.
    wait_until_level({"us": us, "ru": ru})
    assert [entry["type"] for entry in us.on_line("entries")] == types
    with pytest.raises(RefusedError):
        ru.say("recalls", {"entry": said(ru)["id"], "note": ""})
    for node in stage.nodes.values():
        assert "Nothing is wrong" in run("record", "verify", str(node.directory))

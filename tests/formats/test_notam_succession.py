"""NOTAMs that replace or cancel others: what they end, and what they must not end."""

from pathlib import Path

import pytest

from detente.formats import Reading, read_all, read_bytes

CIRCLE = "TEMPO RESTRICTED AREA ACTIVATED WI 5NM RADIUS CENTERED ON 364100N0685200E"
NIGHT_S = 1628467200.0
"""2108090000."""


def notam(head: str, *, a: str = "OAKX", b: str = "2108090000", c: str = "2108090600",
          d: str = "", e: str = CIRCLE) -> str:  # fmt: skip
    lines = [f"({head}", "Q) OAKX/QRTCA/IV/BO/W/000/100/3641N06852E010"]
    lines.append(f"A) {a} B) {b}" + (f" C) {c}" if c else ""))
    lines += [f"D) {d}"] if d else []
    return "\n".join([*lines, f"E) {e}", "F) SFC G) FL100)\n"])


def windows(reading: Reading) -> dict[str, list[tuple[float, float]]]:
    """Hours after midnight by id."""
    return {
        activity.id: [
            ((volume.start_s - NIGHT_S) / 3600, (volume.end_s - NIGHT_S) / 3600)
            for volume in activity.volumes
        ]
        for activity in reading.activities
    }


def read(*notams: str) -> Reading:
    reading = read_bytes("oakx.txt", "\n".join(notams).encode())
    assert [str(error) for error in reading.bad] == []
    assert reading.notices == ()
    return reading


OLD = notam("A0123/21 NOTAMN")


@pytest.mark.parametrize("turned", [False, True])
def test_a_replaced_one_ends_where_the_new_one_begins(turned: bool) -> None:
    new = notam("A0131/21 NOTAMR A0123/21", b="2108090200", c="2108091000")
    reading = read(*((new, OLD) if turned else (OLD, new)))
    assert windows(reading) == {"A0123-21": [(0, 2)], "A0131-21": [(2, 10)]}
    (old,) = (activity for activity in reading.activities if activity.id == "A0123-21")
    assert old.notes[-1] == "ends at 2021-08-09T02:00:00Z by A0131-21"
    assert reading.unknown == []


def test_a_cancelled_one_ends_there() -> None:
    reading = read(OLD, notam("A0131/21 NOTAMC A0123/21", b="2108090200", c="", e="CNL"))
    assert windows(reading) == {"A0123-21": [(0, 2)]}
    assert reading.unknown == []


def test_one_that_never_begins_is_taken_out_and_said_so() -> None:
    reading = read(OLD, notam("A0131/21 NOTAMC A0123/21", b="2108082300", c=""))
    assert windows(reading) == {}
    assert reading.notes == ["A0131-21 ends A0123-21 before it begins: it is taken out"]


def test_of_a_schedule_the_periods_before_stay() -> None:
    old = notam("A0123/21 NOTAMN", d="0000-0100 0200-0300 0400-0500")
    reading = read(old, notam("A0131/21 NOTAMC A0123/21", b="2108090230", c=""))
    assert windows(reading) == {"A0123-21": [(0, 1), (2, 2.5)]}


def test_a_chain() -> None:
    reading = read(
        OLD,
        notam("A0131/21 NOTAMR A0123/21", b="2108090200"),
        notam("A0140/21 NOTAMR A0131/21", b="2108090300"),
        notam("A0001/22 NOTAMC A0140/21", b="2108090400", c=""),
    )
    assert windows(reading) == {"A0123-21": [(0, 2)], "A0131-21": [(2, 3)], "A0140-21": [(3, 4)]}


def test_of_two_that_end_one_the_later_counts() -> None:
    one = notam("A0131/21 NOTAMC A0123/21", b="2108090200", c="")
    two = notam("A0132/21 NOTAMC A0123/21", b="2108090300", c="")
    assert windows(read(OLD, two, one)) == windows(read(OLD, one, two)) == {"A0123-21": [(0, 3)]}


def test_after_its_end_nothing_changes() -> None:
    reading = read(OLD, notam("A0131/21 NOTAMC A0123/21", b="2108090700", c=""))
    assert windows(reading) == {"A0123-21": [(0, 6)]}
    assert reading.activities[0].notes == ()


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (notam("A0131/21 NOTAMC A0122/21", b="2108090200", c=""), "has not among these files"),
        (notam("A0131/21 NOTAMC A0123/20", b="2108090200", c=""), "has not among these files"),
        (notam("A0131/21 NOTAMC A0123/21", b="2108090200", c="", a="UTDD"), "another location"),
        (notam("B0131/21 NOTAMC A0123/21", b="2108090200", c=""), "do not follow each other"),
        (notam("A0122/21 NOTAMC A0123/21", b="2108090200", c=""), "do not follow each other"),
        (notam("A0131/20 NOTAMC A0123/21", b="2108090200", c=""), "do not follow each other"),
        (notam("A0131/21 NOTAMR A0123/21", b="2108090200", e="ALONG BORDER"), "cannot be read"),
    ],
)
def test_what_is_not_certain_ends_nothing(other: str, why: str) -> None:
    reading = read(OLD, other)
    assert windows(reading)["A0123-21"] == [(0, 6)]
    assert any(why in note for note in reading.notes)


def test_one_that_names_itself_or_a_circle_ends_nothing() -> None:
    reading = read(
        notam("A0131/21 NOTAMR A0131/21"),
        notam("A0140/21 NOTAMR A0141/21", b="2108090100"),
        notam("A0141/21 NOTAMR A0140/21", b="2108090200"),
    )
    assert windows(reading)["A0131-21"] == [(0, 6)]
    assert windows(reading)["A0140-21"] == [(1, 2)]
    assert windows(reading)["A0141-21"] == [(2, 6)]


def test_a_bad_canceller_is_bad_and_ends_nothing() -> None:
    text = OLD + notam("A0131/21 NOTAMC A0123/21", b="WIE", c="")
    reading = read_bytes("oakx.txt", text.encode())
    assert windows(reading) == {"A0123-21": [(0, 6)]}
    assert "item B 'WIE'" in str(reading.bad[0])


def test_a_head_without_a_number_does_not_take_the_next_ones() -> None:
    text = "(A0131/21 NOTAMC\nA0140/21 NOTAMN\n" + OLD.split("\n", 1)[1]
    reading = read_bytes("oakx.txt", text.encode())
    assert windows(reading) == {"A0140-21": [(0, 6)]}
    assert len(reading.bad) == 1


def write(path: Path, *notams: str) -> Path:
    path.write_text("\n".join(notams))
    return path


def test_across_the_files_of_one_party(tmp_path: Path) -> None:
    new = notam("A0131/21 NOTAMR A0123/21", b="2108090200")
    one = write(tmp_path / "oakx.txt", OLD)
    two = write(tmp_path / "oakx.notam", new)
    for paths in ([one, two], [two, one]):
        reading = read_all(paths)
        assert windows(reading) == {"A0123-21": [(0, 2)], "A0131-21": [(2, 6)]}
        assert reading.notes == []
        assert reading.notices == ()


def test_nobody_cancels_what_another_party_has_published(tmp_path: Path) -> None:
    one = write(tmp_path / "us.txt", OLD)
    two = write(tmp_path / "ru.txt", notam("A0131/21 NOTAMC A0123/21", b="2108090200", c=""))
    reading = read_all([one, two])
    assert windows(reading) == {"A0123-21": [(0, 6)]}
    assert "its party has not among these files" in reading.notes[0]

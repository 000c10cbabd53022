"""The coverage page: what was not observed is shown as such, with and without each base."""

from pathlib import Path
from typing import Any

from detente.console.coverage import STATES, duration
from detente.coverage import STATES as ALL

COVERAGE = "/console/lines/northern-watch/coverage"
EXAMPLE = Path(__file__).parents[2] / "examples" / "reach.toml"


def scenario(desk: Any, data: bytes) -> None:
    (desk.node._core.folder / "coverage.toml").write_bytes(data)


def test_a_node_without_a_scenario_says_so(pair: Any) -> None:
    page = pair.us.page(COVERAGE)
    assert "NO SCENARIO" in page
    assert "Not observed does not mean that nothing happened." in page
    assert "By the record no mission was flown." in page


def test_what_nobody_observed_is_shown_by_whether_it_could_have_been(pair: Any) -> None:
    scenario(pair.us, EXAMPLE.read_bytes())
    page = pair.us.page(f"{COVERAGE}?days=2&day=2021-08-09")
    assert 'data-state="missed"' in page
    assert 'data-state="observed"' not in page
    row = page.partition('data-place="Kunduz"')[2].partition("</tr>")[0]
    assert row.count('aria-label="NOT OBSERVED"') == 2
    assert "nobody" in row
    # Without any base nothing could have been watched; what is lost is said.
    lost = pair.us.page(f"{COVERAGE}?days=2&day=2021-08-09&chosen=1&with=tj+basing")
    assert 'data-state="missed"' not in lost
    assert 'data-state="unreached"' in lost
    assert "Without Dushanbe, Bishkek, Gulf" in lost
    row = lost.partition('data-place="Kunduz"')[2].partition("</tr>")[0]
    assert row.count('aria-label="NOT OBSERVED, out of reach"') == 2
    for state, (_, phrase) in STATES.items():
        assert phrase in page, state
    assert list(STATES) == list(ALL)


def test_names_of_a_scenario_are_shown_and_never_interpreted(pair: Any) -> None:
    data = EXAMPLE.read_bytes().replace(b'"Kunduz"', b'"<script>x</script>"')
    scenario(pair.us, data)
    assert "<script>x" not in pair.us.page(COVERAGE)


def test_what_cannot_be_read_is_said(pair: Any) -> None:
    scenario(pair.us, EXAMPLE.read_bytes())
    for query in ("days=x", "days=99", "day=yesterday", "days=0"):
        answer = pair.us.browser.get(f"{COVERAGE}?{query}")
        assert answer.status_code in (400, 413, 422), (query, answer.status_code)
    scenario(pair.us, b"name = 1")
    assert pair.us.browser.get(COVERAGE).status_code in (400, 422)


def test_durations_are_rounded_to_the_careful_side() -> None:
    assert [duration(one) for one in (0, 30, 60, 3659)] == ["0", "< 1 min", "0 h 01", "1 h 00"]
    assert duration(3601, up=True) == "1 h 01"

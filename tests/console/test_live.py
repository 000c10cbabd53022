"""Beats: what tells open pages that something has changed."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx

from detente.console.live import EVERYTHING, PANELS_OF, beat, panels_of
from detente.line.fold import KINDS
from detente.node.views import ChangeView

LINE = "/console/lines/northern-watch"


def change(kind: str, line: str = "one") -> ChangeView:
    return ChangeView(n=1, line=line, kind=kind, key="k")


def test_a_change_touches_its_panels_and_an_unknown_one_touches_all() -> None:
    assert panels_of([change("message")], "one") == {"messages", "owed", "attention"}
    assert panels_of([change("something-new")], "one") == set(EVERYTHING)
    assert panels_of([change("message", line="two")], "one") == set()
    assert "map" in panels_of([change("plan", line="")], "one")


def test_every_panel_named_is_one_there_is() -> None:
    assert {panel for panels in PANELS_OF.values() for panel in panels} <= set(EVERYTHING)
    beside = {"cosignature", "desk", "link", "officer", "pending", "plan"}
    assert set(PANELS_OF) - beside <= set(KINDS)


def test_the_bytes_of_a_beat() -> None:
    assert beat(7, 1628472037.25, {"messages", "conflicts"}) == (
        b'id: 7\nevent: beat\ndata: {"now_s":1628472037.25,"panels":["conflicts","messages"]}\n\n'
    )


def beats(answer: httpx.Response) -> Iterator[dict[str, Any]]:
    for line in answer.iter_lines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


def say(pair: Any, text: str) -> None:
    pair.ru.node.send("northern-watch", text=text, officer="watch-1")
    pair.level()


def test_an_open_page_hears_of_a_message_as_it_arrives(pair: Any) -> None:
    found = re.search(r'data-events="([^"]+)"', pair.us.page())
    assert found is not None
    with pair.us.browser.stream("GET", found[1], timeout=20) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        heard = beats(answer)
        assert next(heard)["panels"] == []
        say(pair, "hello")
        assert any("messages" in beat["panels"] for beat in heard)


def test_nothing_is_missed_between_the_page_and_its_first_beat_or_on_coming_back(
    pair: Any,
) -> None:
    newest = pair.us.node.newest_change()
    say(pair, "while nobody listened")
    for how in ({"params": {"since": newest}}, {"headers": {"Last-Event-ID": str(newest)}}):
        with pair.us.browser.stream("GET", f"{LINE}/events", timeout=20, **how) as answer:
            assert "messages" in next(beats(answer))["panels"]


def test_a_page_whose_state_is_not_known_fetches_everything(pair: Any) -> None:
    for since in ("", "x", "-1", "99999999"):
        url = f"{LINE}/events?since={since}"
        with pair.us.browser.stream("GET", url, timeout=20) as answer:
            assert set(next(beats(answer))["panels"]) == set(EVERYTHING), since

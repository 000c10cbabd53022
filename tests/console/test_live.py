"""Beats: what tells open pages that something has changed."""

import json
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
    beside = {"cosignature", "link", "officer", "plan"}
    assert set(PANELS_OF) - beside <= set(KINDS)


def test_the_bytes_of_a_beat() -> None:
    assert beat(1628472037.25, {"messages", "conflicts"}) == (
        b'event: beat\ndata: {"now_s":1628472037.25,"panels":["conflicts","messages"]}\n\n'
    )


def beats(answer: httpx.Response) -> Iterator[dict[str, Any]]:
    for line in answer.iter_lines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


def test_an_open_page_hears_of_a_message_as_it_arrives(pair: Any) -> None:
    with pair.us.browser.stream("GET", f"{LINE}/events", timeout=20) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        heard = beats(answer)
        assert next(heard)["panels"] == []
        pair.ru.node.send("northern-watch", text="hello", officer="watch-1")
        pair.level()
        assert any("messages" in beat["panels"] for beat in heard)

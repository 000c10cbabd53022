"""What stands on the pages: true words, escaped, and never more than is known."""

import re
from pathlib import Path
from typing import Any

import pytest

import detente.console

LINE = "/console/lines/northern-watch"
TEMPLATES = Path(detente.console.__file__).parent / "templates"
FORBIDDEN = ("approv", "clearance", "cleared", "kill box", "guaranteed safe", "ally ", "target ")
SCRIPT = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


def test_every_page_of_an_exercise_says_so(pair: Any, stranger: Any) -> None:
    pair.release()
    for path in (LINE, f"{LINE}/desk/message", f"{LINE}/desk/plan"):
        assert "EXERCISE · NORTHERN WATCH" in pair.us.page(path), path
    assert "EXERCISE" in stranger.get("/login").text


def test_text_of_a_peer_is_shown_and_never_interpreted(pair: Any) -> None:
    pair.ru.node.send("northern-watch", text=SCRIPT, precedence="urgent-safety", officer="watch-1")
    pair.level()
    for path in (LINE, f"{LINE}/panels/messages", f"{LINE}/panels/attention"):
        page = pair.us.page(path)
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page, path
        assert "<script>alert" not in page, path
        assert "<img" not in page, path


def test_text_of_our_own_is_escaped_too(pair: Any) -> None:
    answer = pair.us.do("send", text="", precedence="<b>x</b>", status=400)
    assert "empty" in answer
    message = pair.us.browser.get(f"{LINE}/panels/%3Cscript%3E")
    assert message.status_code == 404
    assert "<script>" not in message.text


def test_an_urgent_message_stands_on_top_until_it_is_understood(pair: Any) -> None:
    entry = pair.ru.node.send(
        "northern-watch", text="smoke in the cabin", precedence="urgent-safety", officer="watch-1"
    )
    pair.level()
    assert "URGENT SAFETY" in pair.us.page(f"{LINE}/panels/attention")
    pair.us.do("acknowledge", entry=entry.id, level="understood")
    assert "URGENT SAFETY" not in pair.us.page(f"{LINE}/panels/attention")
    assert "us: understood" in " ".join(pair.us.page(f"{LINE}/panels/messages").split())


def test_messages_that_wait_come_first_and_by_precedence(pair: Any) -> None:
    for text, precedence in (("one", "routine"), ("two", "urgent-safety"), ("three", "priority")):
        pair.ru.node.send("northern-watch", text=text, precedence=precedence, officer="watch-1")
    pair.us.node.send("northern-watch", text="ours", officer="watch-1")
    pair.level()
    texts = re.findall(r'<p class="text">(\w+)</p>', pair.us.page(f"{LINE}/panels/messages"))
    assert texts == ["two", "three", "one", "ours"]


def test_a_phrase_is_read_in_the_officers_language(pair: Any) -> None:
    pair.us.node.send("northern-watch", phrase="say-again", slots={}, officer="watch-1")
    pair.level()
    assert '<p class="text">Повторите.</p>' in pair.ru.page(f"{LINE}/panels/messages")
    assert '<p class="text">Say again.</p>' in pair.us.page(f"{LINE}/panels/messages")
    answer = pair.ru.browser.post(
        f"{LINE}/language",
        data={"form_token": pair.ru.form_token(), "language": "en"},
        headers={"Origin": pair.ru.address},
    )
    assert answer.status_code == 303
    assert '<p class="text">Say again.</p>' in pair.ru.page(f"{LINE}/panels/messages")


def test_an_empty_list_says_what_is_not_known(pair: Any) -> None:
    page = " ".join(pair.us.page(f"{LINE}/panels/conflicts").split())
    assert "No known conflict between parties" in page
    assert "our own are not compared with each other" in page
    assert " . What a party has not released is unknown." not in page
    assert "ru last heard" in page
    assert "What a party has not released is unknown." in page
    assert "What they plan is unknown." in pair.us.page(f"{LINE}/panels/activities")


def test_a_peer_that_has_fallen_silent_is_never_shown_as_in_contact(pair: Any) -> None:
    assert "in contact" in pair.us.page(f"{LINE}/panels/links")
    assert "is unknown" not in pair.us.page(f"{LINE}/panels/attention")
    pair.us.clock.ahead_s = 600.0
    links = " ".join(pair.us.page(f"{LINE}/panels/links").split())
    assert "in contact" not in links
    assert '<span class="state">LATE</span>' in links
    pair.us.node.failed(pair.us.node.line("northern-watch").id, "ru", "no route <to> host")
    attention = pair.us.page(f"{LINE}/panels/attention")
    assert "What ru has done since is unknown." in attention
    assert "no route &lt;to&gt; host" in attention
    hint = pair.us.page(f"{LINE}/panels/hint")
    assert "not settled: " in hint
    assert "ru NO CONTACT: what it has done since is unknown" in hint


def test_what_is_owed_becomes_late_by_itself(pair: Any) -> None:
    pair.ru.node.send("northern-watch", text="are you there?", officer="watch-1")
    pair.level()
    owed = pair.us.page(f"{LINE}/panels/owed")
    assert "due in" in owed
    before = pair.us.page(f"{LINE}/panels/attention")
    pair.us.clock.ahead_s = 3600.0
    assert pair.us.page(f"{LINE}/panels/owed").count("LATE") == owed.count("LATE") + 1
    after = pair.us.page(f"{LINE}/panels/attention")
    assert "1 obligation of ours is late" in before
    assert "2 obligations of ours are late" in after


def test_a_conflict_is_shown_with_its_numbers_and_what_would_end_it(pair: Any) -> None:
    pair.release()
    conflict = next(c for c in pair.us.node.conflicts("northern-watch") if c.state == "open")
    tag = conflict.id[:4].upper()
    for desk in (pair.us, pair.ru):
        page = " ".join(desk.page().split())
        assert tag in page  # the same short name on both sides
        assert "recon-panj-kunduz" in page
        assert "09 Aug 03:20–04:00Z" in page
        assert "<svg" in page
        assert "agreed 5.0 NM" in page
        assert "moves recon-panj-kunduz" in page
        for way in ("41 min later…", "13 km to the north (000° true)…", "to another route…"):
            assert way in page
        assert "meets nothing else that is released and known here" in page
        # The orbit began at 00:30, the exercise opens at 01:20: it cannot begin earlier now.
        assert "us/orbit-kunduz has begun" in page
        assert "min earlier…" not in page


def test_a_plan_that_is_not_released_is_marked_and_not_on_the_peers_page(pair: Any) -> None:
    pair.release()
    ours = " ".join(pair.us.page(f"{LINE}/panels/activities").split())
    assert re.search(r"orbit-west.{0,80}not released", ours)
    assert "orbit-west" not in pair.ru.page()
    assert "orbit-west" not in pair.ru.browser.get(f"{LINE}/map.json").text


def test_a_preview_shows_the_very_bytes(pair: Any) -> None:
    pair.release()
    preview = pair.us.node.preview("orbit-west", "northern-watch", "coarse")
    page = pair.us.page(f"{LINE}/desk/release?plan=orbit-west&form=coarse")
    assert preview.body.replace('"', "&#34;") in page
    assert "Exactly this is what ru would see" in page


def test_what_is_not_there_is_said_plainly(pair: Any) -> None:
    for path, status in (
        ("/console/lines/elsewhere", 404),
        (f"{LINE}/panels/nothing", 404),
        (f"{LINE}/desk/nothing", 404),
        (f"{LINE}/desk/answer?proposal=x&answer=assent", 404),
        (f"{LINE}/desk/release?plan=nothing", 404),
        ("/console/static/built/../../app.py", 404),
    ):
        answer = pair.us.browser.get(path)
        assert answer.status_code == status, path
        assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    "name", sorted(str(p.relative_to(TEMPLATES)) for p in TEMPLATES.rglob("*.html"))
)
def test_templates_inform_and_never_approve(name: str) -> None:
    text = (TEMPLATES / name).read_text()
    for word in FORBIDDEN:
        assert word not in text.lower(), word
    assert "|safe" not in text.replace(" ", "")
    assert "autoescape" not in text
    assert " style=" not in text  # the policy allows no inline styles
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"\bon\w+=", text)

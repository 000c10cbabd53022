"""The phrasebook: every phrase in every language, and a document that says so."""

import re
import string
from pathlib import Path

import pytest

from detente.errors import InputError
from detente.line import PHRASES, Phrase, message_draft, render
from detente.line.phrasebook import LANGUAGES, check, document
from detente.line.slots import EXAMPLES, SlotKind, read_position, render_slot

DOCUMENT = Path(__file__).parents[2] / "docs" / "phrasebook.md"
AVOIDED = re.compile(
    r"approv|clearance|target|kill|guarantee|\bally\b|\ballies\b|permi|разреш|цел[ьи]\b"
)


def _example(phrase: Phrase) -> dict[str, str]:
    return {name: EXAMPLES[kind] for name, kind in phrase.slots.items()}


def test_the_document_is_current() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document()


def test_there_are_a_dozen_and_more() -> None:
    assert len(PHRASES) >= 12


@pytest.mark.parametrize("phrase", PHRASES.values(), ids=PHRASES)
def test_each_phrase_is_complete_in_each_language(phrase: Phrase) -> None:
    assert set(phrase.text) == set(LANGUAGES)
    for language, pattern in phrase.text.items():
        named = {name for _, name, _, _ in string.Formatter().parse(pattern) if name}
        assert named == set(phrase.slots)
        said = render(phrase.code, _example(phrase), language)
        assert "{" not in said
        assert not AVOIDED.search(said.lower())
        assert bool(re.search("[а-я]", pattern)) == (language == "ru")


@pytest.mark.parametrize("phrase", PHRASES.values(), ids=PHRASES)
def test_each_phrase_can_be_sent(phrase: Phrase) -> None:
    message_draft(phrase=phrase.code, slots=_example(phrase), precedence="urgent-safety")


def test_what_is_about_danger_to_life_goes_out_as_urgent_safety_only() -> None:
    about = {"stop-within", "danger-over", "contact-lost", "aircraft-in-distress"}
    for phrase in PHRASES.values():
        for precedence in ("routine", "priority"):
            if phrase.code not in about:
                message_draft(phrase=phrase.code, slots=_example(phrase), precedence=precedence)
                continue
            with pytest.raises(InputError) as caught:
                message_draft(phrase=phrase.code, slots=_example(phrase), precedence=precedence)
            assert phrase.code in str(caught.value)
            assert "urgent-safety" in caught.value.remedy


def test_a_phrase_is_put_into_words() -> None:
    slots = {"radius": "5NM", "position": "36.7S 068.87E", "until": "2021-08-09T03:00:00Z"}
    assert render("stop-within", slots, "en") == (
        "URGENT, SAFETY. For safety, stop all activity within 9.26 km (5 NM) of 36.70000°S, "
        "068.87000°E (36°42.00′S, 068°52.20′E) until 2021-08-09 03:00 UTC."
    )
    assert render("stand-by", {"until": "2021-08-09T03:00:00Z"}, "ru") == (
        "Ждите до 2021-08-09 03:00 UTC."
    )


def test_a_language_that_the_book_lacks_is_read_in_english() -> None:
    assert render("say-again", {}, "fa") == "Say again."


@pytest.mark.parametrize(
    ("code", "slots"),
    [
        ("of-a-later-version", {"until": "noon", "by": "{braces}"}),
        ("stand-by", {"until": "noon"}),
        ("stand-by", {}),
        ("say-again", {"extra": "1"}),
    ],
)
def test_what_is_not_in_the_book_is_shown_as_it_came(code: str, slots: dict[str, str]) -> None:
    said = render(code, slots, "ru")
    assert code in said
    for name, value in slots.items():
        assert name in said
        assert value in said
    with pytest.raises(InputError) as caught:
        check(code, slots)
    assert code in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "value", "en", "ru"),
    [
        ("time", "2021-08-09T03:00:05Z", "2021-08-09 03:00:05 UTC", "2021-08-09 03:00:05 UTC"),
        ("duration", "90min", "1 h 30 min", "1 ч 30 мин"),
        ("duration", "45s", "45 s", "45 с"),
        (
            "position",
            "0.5N 179.99999W",
            "00.50000°N, 179.99999°W (00°30.00′N, 180°00.00′W)",
            "00,50000° с. ш., 179,99999° з. д. (00°30,00′ с. ш., 180°00,00′ з. д.)",
        ),
        ("altitude", "FL90", "FL090", "эшелон 090"),
        ("altitude", "3000m MSL", "3000 m (9843 ft) above mean sea level",
         "3000 м (9843 фт) над уровнем моря"),
        ("altitude", "-100 ft AGL", "-30 m (-100 ft) above ground",
         "-30 м (-100 фт) над поверхностью земли"),
        ("length", "9.3km", "9.3 km (5 NM)", "9,3 км (5 NM)"),
        ("text", " over the pass ", "over the pass", "over the pass"),
    ],
)  # fmt: skip
def test_slots(kind: str, value: str, en: str, ru: str) -> None:
    assert render_slot(SlotKind(kind), value, "en") == en
    assert render_slot(SlotKind(kind), value, "ru") == ru


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("time", "03:00"),
        ("time", "2021-08-09T03:00:00+05:00"),
        ("duration", "90"),
        ("position", "36.7 68.87"),
        ("position", "91N 000.0E"),
        ("position", "45N 181W"),
        ("altitude", "240"),
        ("altitude", "3000m"),
        ("altitude", "3000 MSL"),
        ("length", "5"),
        ("activity", "no spaces"),
        ("text", ""),
        ("text", "two\nlines"),
        ("text", "x" * 201),
    ],
)
def test_slots_refuse_what_could_be_misread(kind: str, value: str) -> None:
    with pytest.raises(InputError) as caught:
        render_slot(SlotKind(kind), value, "en", where="slot")
    assert "slot" in str(caught.value)


def test_a_position_has_its_signs() -> None:
    assert read_position("36.7S 068.87W") == (-68.87, -36.7)

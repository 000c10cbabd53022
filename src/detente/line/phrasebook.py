"""The phrasebook: standard phrases that each side reads in its own language.

A phrase travels as a code and its slots, ``{"phrase":"stand-by","slots":{"until":"…Z"}}``, and is
put into words where it is read, so that no translator stands between two officers. A code that this
node does not know, or slots that do not fit it, are shown as they came: nothing is dropped.
"""

from collections.abc import Mapping

from detente.errors import InputError
from detente.line.phrases import GROUPS, SAFETY, Phrase
from detente.line.slots import EXAMPLES, SlotKind, render_slot

LANGUAGES = ("en", "ru")
PHRASES: dict[str, Phrase] = {phrase.code: phrase for group in GROUPS.values() for phrase in group}
"""Every phrase by its code, in the order of the book."""
SAFETY_CODES = frozenset(phrase.code for phrase in SAFETY)
"""Phrases about danger to life: they are sent as ``urgent-safety`` and not otherwise."""


def check(code: str, slots: Mapping[str, str]) -> dict[str, str]:
    """The slots, if the phrase is in the book and they fit it; else InputError naming the slot."""
    phrase = PHRASES.get(code)
    where = f"phrase {code[:40]}"
    if phrase is None:
        raise InputError(
            "is not in the phrasebook", remedy="choose one of docs/phrasebook.md", where=where
        )
    if set(slots) != set(phrase.slots):
        wanted = ", ".join(f"{name} ({kind})" for name, kind in phrase.slots.items())
        raise InputError(
            f"has the slots {', '.join(sorted(slots))[:200] or 'none'}",
            remedy=f"fill in {wanted}" if wanted else "fill in nothing",
            where=where,
        )
    for name, kind in phrase.slots.items():
        render_slot(kind, slots[name], "en", where=f"{where}: {name}")
    return {name: slots[name] for name in phrase.slots}


def render(code: str, slots: Mapping[str, str], language: str) -> str:
    """The phrase in ``language``; in English where the book has no such language."""
    try:
        check(code, slots)
    except InputError:
        filled = ", ".join(f"{name}: {value}" for name, value in sorted(slots.items()))
        return f"[{code}] {filled}".rstrip()
    phrase = PHRASES[code]
    known = language if language in phrase.text else "en"
    words = {name: render_slot(kind, slots[name], known) for name, kind in phrase.slots.items()}
    return phrase.text[known].format_map(words)


def document() -> str:
    """docs/phrasebook.md, generated so that it says exactly what nodes do."""
    lines = [*_HEAD]
    for kind, example in EXAMPLES.items():
        shown = " | ".join(render_slot(kind, example, language) for language in LANGUAGES)
        lines.append(f"| {kind} | `{example}` | {shown} |")
    for title, group in GROUPS.items():
        lines += [
            "",
            f"## {title}",
            "",
            *(_URGENT if group is SAFETY else ()),
            "| code | slots | English | Русский |",
            "|---|---|---|---|",
        ]
        lines += [_row(phrase) for phrase in group]
    return "\n".join(lines) + "\n"


def _row(phrase: Phrase) -> str:
    slots = "<br>".join(f"{name}: {kind}" for name, kind in phrase.slots.items())
    return f"| `{phrase.code}` | {slots} | {phrase.text['en']} | {phrase.text['ru']} |"


_HEAD = (
    "# Phrasebook",
    "",
    "Generated from `detente.line.phrases`; a test keeps it current.",
    "",
    "A phrase is sent as its code and its slots and shown in the reader's language. It informs:",
    "no phrase approves or permits anything. A code that a node does not know is shown with its",
    "slots, as it came.",
    "",
    "## Slots",
    "",
    "| type | written | English | Русский |",
    "|---|---|---|---|",
)

_URGENT = (
    "These are sent with the precedence `urgent-safety`; with another one a node refuses to write",
    "them. `danger-over` too: whoever was stopped must hear it as surely.",
    "",
)

__all__ = [
    "LANGUAGES",
    "PHRASES",
    "SAFETY_CODES",
    "Phrase",
    "SlotKind",
    "check",
    "document",
    "render",
]

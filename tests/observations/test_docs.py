"""docs/observations.md publishes the taxonomy and the markings as they are."""

from pathlib import Path

from detente.observations import KINDS, MARKINGS, MEANINGS

GUIDE = (Path(__file__).parents[2] / "docs" / "observations.md").read_text("utf-8")


def test_the_taxonomy_is_published_whole() -> None:
    for kind in KINDS.values():
        row = f"| `{kind.code}` | {kind.words['en']} | {kind.words['ru']} | {kind.sentence} |"
        assert row in GUIDE


def test_every_marking_is_explained() -> None:
    for marking in MARKINGS:
        assert f"| `{marking}` | {MEANINGS[marking]} |" in GUIDE

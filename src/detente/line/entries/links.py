"""Drafts of links between observations, of disputes of them, and of daily reports."""

from detente.line import abouts, bodies
from detente.line.entries.base import Draft, draft
from detente.volumes.times import format_time


def link_draft(a: tuple[str, str], b: tuple[str, str], note: str = "") -> Draft:
    """Two observations, each party and name, held to be of one event; in either order."""
    first, second = sorted((a, b))
    facts = abouts.Linked(
        a=abouts.Reported(party=first[0], observation=first[1]),
        b=abouts.Reported(party=second[0], observation=second[1]),
    )
    return draft(abouts.LINK, facts, bodies.write_note(note))


def dispute_draft(link: str, note: str = "") -> Draft:
    """The two observations of another party's ``link`` held to be of two events."""
    return draft(abouts.DISPUTE, abouts.Disputed(link=link), bodies.write_note(note))


def take_back_draft(of: str, note: str = "") -> Draft:
    """An own link or dispute taken back."""
    return draft(abouts.TAKE_BACK, abouts.TakenBack(of=of), bodies.write_note(note))


def daily_draft(day: str, cutoff_s: float, joint_sha256: str, own: bodies.DailyBody) -> Draft:
    """The report of a ``day`` up to ``cutoff_s``, domain time, with our own part of it."""
    facts = abouts.DailyReported(day=day, cutoff=format_time(cutoff_s), joint_sha256=joint_sha256)
    return draft(abouts.DAILY, facts, bodies.write_daily(own))

"""Templates to pages. Everything is escaped: text of peers is shown, never interpreted.

Jinja escapes whatever a template prints unless it is told otherwise, and no template here tells it
so. The policy of every page is the second lock: no script runs that is not a file of our own, no
style, no image, no connection from elsewhere.
"""

import secrets
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup
from starlette.responses import HTMLResponse

from detente.console import board, changes, words
from detente.observations import taxonomy
from detente.volumes.times import parse_time_s

HERE = Path(__file__).parent
BUILT = "/console/static/built"

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "worker-src 'self'",
        "style-src 'self'",
        "font-src 'self'",
        # MapLibre draws icons from data: and blob: addresses that it makes itself.
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    # Browsers leave out a form's origin altogether under a stricter policy, and we check it.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


@jinja2.pass_context
def _window(context: jinja2.runtime.Context, pair: tuple[str | None, str | None]) -> str:
    return words.window(*pair, context["now_s"])


def _environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "at": lambda s: words.moment(s).strftime("%H:%M:%S"),
        "at_minute": lambda s: words.moment(s).strftime("%H:%MZ"),
        "clock": words.clock,
        "clock_dated": words.clock_dated,
        "stamp": words.stamp,
        "stamp_minute": words.stamp_minute,
        "with_times": words.with_times,
        "hour": words.hour,
        "entry": lambda type_: words.ENTRY_WORDS.get(type_, type_),
        "seconds": parse_time_s,
        "window": _window,
        "heights": words.heights,
        "places": words.places,
        "shapes": words.shapes,
        "lateral": words.lateral,
        "lateral_short": words.lateral_short,
        "vertical": words.vertical,
        "vertical_short": words.vertical_short,
        "shift": words.shift,
        "detour": words.detour,
        "link": changes.link,
        "tag": words.tag,
        "met": words.met,
        "mark": words.mark,
        "seen": words.seen,
        "text": lambda message, language: board.text_of(message, language)[0],
        "kind": taxonomy.words,
        "middle": words.middle,
        "position": lambda place: words.position(place.lon, place.lat),
        "grid": lambda place: words.grid(place.lon, place.lat),
        "link_error": words.link_error,
        "short_origin": words.short_origin,
        "witness_state": lambda one: words.witness_state(one.state, one.last_error),
        "by_hand": words.by_hand,
        "link_word": lambda state: words.LINK_WORDS.get(state, "UNKNOWN"),
        "status": lambda status: words.STATUS_WORDS.get(status, status),
    }
    made.globals |= {
        "built": BUILT,
        # One key per form shown: pressed twice, it is still done once.
        "key": lambda: secrets.token_urlsafe(12),
    }
    return made


_TEMPLATES = _environment()


def fragment(template: str, context: dict[str, Any]) -> Markup:
    """A template's output. It has been escaped, so another template may take it in as it is."""
    return Markup(_TEMPLATES.get_template(template).render(context))  # noqa: S704


def page(
    template: str,
    context: dict[str, Any],
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> HTMLResponse:
    """A template as an answer, with the headers that every page has."""
    return HTMLResponse(fragment(template, context), status, HEADERS | (headers or {}))

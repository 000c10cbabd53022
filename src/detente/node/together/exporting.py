"""Exporting a line's observations for an audience, by what their marking lets it see (TLP 2.0).

What is left out is counted, so that nobody takes the document for the whole. The document is made
when it is asked for and kept nowhere: what is recalled later is not in any copy of this node's.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import msgspec

from detente.errors import InputError, LimitError
from detente.line import read
from detente.node.core import Core
from detente.node.show.reader import LineReader
from detente.node.views import ExportView
from detente.observations import Audience, may_see, narrowest
from detente.store import auditing
from detente.store.store import Tx

if TYPE_CHECKING:
    from detente.formats.observed_out import Reported

EXPORTED_MAX = 50_000
_MEDIA = {
    "geojson": "application/geo+json",
    "csv": "text/csv",
    "stix": "application/stix+json;version=2.1",
}
_ENDINGS = {"geojson": "geojson", "csv": "csv", "stix": "json"}


def export(core: Core, line: str, format_: str, audience: Audience, *, officer: str) -> ExportView:
    """What stands on a line and ``audience`` may see. Raises InputError, or LimitError."""
    from detente.formats.observed_out import Reported

    write = _writer(format_)
    out: list[Reported] = []
    withheld = 0
    with core.store.read() as tx:
        reader = LineReader(core, tx, line)
        for one in read.observations(reader.rows):
            if one.said is None:
                continue
            if not may_see(one.said.marking, audience):
                withheld += 1
                continue
            first = read.observed(reader.rows, one.party, one.observation, 1)
            out.append(
                Reported(
                    line=reader.id,
                    party=one.party,
                    said=one.said,
                    version=one.version,
                    first=one.time if first is None else first.time,
                    reported=one.time,
                )
            )
            if len(out) > EXPORTED_MAX:
                raise LimitError(
                    f"there are more than {EXPORTED_MAX:,}",
                    where=f"observations of {reader.name}",
                    remedy="take them by district and week, one after another",
                )
        name = reader.name
    document = b"".join(write(out))
    detail = {
        "audience": audience,
        "exported": len(out),
        "withheld": withheld,
        "sha256": hashlib.sha256(document).hexdigest(),
    }

    def work(tx: Tx) -> None:
        auditing.add(
            tx,
            time_s=core.clock.now_s(),
            officer=officer,
            action="observation.export",
            subject=name,
            detail=msgspec.json.encode(detail),
        )

    core.store.write(work)
    return ExportView(
        name=f"{name}-observations-{audience}.{_ENDINGS[format_]}",
        media=_MEDIA[format_],
        document=document.decode(),
        exported=len(out),
        withheld=withheld,
        marking=narrowest(one.said.marking for one in out),
    )


def _writer(format_: str) -> Callable[[Iterable["Reported"]], Iterator[bytes]]:
    # The writers bring in libraries that no other use case needs.
    if format_ == "stix":
        from detente.formats.stix import write_stix

        return write_stix
    from detente.formats.observed_out import write_csv, write_geojson

    if format_ == "csv":
        return write_csv
    if format_ == "geojson":
        return write_geojson
    raise InputError(
        f"{format_[:20]!r} is no format of exports",
        where="format",
        remedy=f"use {', '.join(_MEDIA)}",
    )

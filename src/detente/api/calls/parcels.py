"""By hand: a line's record out in a file that is sealed for one party, and in from another's."""

from detente.api import rows
from detente.api.calls import bodies
from detente.api.route import Call, Streamed
from detente.errors import AccessError, RecordError, StateError
from detente.node import Node, roles
from detente.node.views import ParcelView
from detente.record.parcel import PARCEL_BYTES_MAX


def export_parcel(node: Node, call: Call) -> Streamed:
    """Seal what another member lacks, or as much as is asked for, into a file for it."""
    body: bodies.ParcelBody = call.body
    packed = node.pack(
        call.path["line"],
        body.to,
        log=body.log,
        start=body.start,
        card=None if body.card is None else body.card.encode("utf-8", "replace").strip(),
        officer=call.officer.name,
    )
    return Streamed(packed.pieces, packed.estimated_bytes)


def import_parcel(node: Node, call: Call) -> ParcelView:
    """Take in what another party has sealed for us, as far as it is good."""
    assert call.incoming is not None
    return node.unpack(call.incoming, officer=call.officer.name)


ROUTES = (
    rows.post(
        "lines", "/lines/{line}/parcels", export_parcel,
        "Seal what another party lacks of the line into a file, to be carried to it by hand",
        bodies.ParcelBody, bytes, status=200, media="application/octet-stream", act=roles.CARRY,
        may_raise=(StateError,),
    ),
    rows.post(
        "lines", "/parcels", import_parcel,
        "Take in a file of any length that another party has sealed for us; its bytes are the body",
        bytes, ParcelView, status=200, limit_bytes=PARCEL_BYTES_MAX, act=roles.CARRY,
        may_raise=(StateError, AccessError, RecordError),
    ),
)  # fmt: skip

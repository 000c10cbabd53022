"""The third script: what is carried by hand, and what is refused for want of quota.

Parcels come in the wrong order, again, and cut short; entries are kept aside, one of them with a
body that a later one recalls; a parcel comes that is sealed to the key before. Then one party sends
more than the other takes.
"""

import io
from contextlib import suppress

from bench.crash.scene import PARTIES, A, B, Scene, Script, Step
from bench.crash.script import exchange, recall, rotate, send
from bench.simulation.disk import Kind
from detente.errors import DetenteError, QuotaError
from detente.node.quota import Quota
from detente.record.parcel import Opener

SECRET_TEXT = "EXERCISE. The words that are recalled while they are aside"

QUOTA = Quota(day_entries=10, day_mib=100, entries=10**6, mib=10**3)
"""What B takes of A's log: used up in the script, up to the one entry more for what is urgent."""


def pack(party: str, other: str, name: str, start: int | None = None) -> Step:
    """Make a parcel, and put it on a stick."""

    def run(scene: Scene) -> None:
        node, reader = scene.nodes[party], scene.nodes[other]
        packed = node.pack(scene.line, other, start=start, log=None, officer="a")
        data = b"".join(packed.pieces)
        for chunk in Opener(io.BytesIO(data), other, reader._core.opening_keys).chunks():
            scene.tell(party, "wire", (chunk, None, party))
        scene.sticks[name] = data
        scene.tell(party, "stick", (name, data))

    return Step("making a parcel", run)


def unpack(party: str, name: str, share: float = 1.0) -> Step:
    """Take a parcel in, or so much of it as is there."""

    def run(scene: Scene) -> None:
        data = scene.sticks[name]
        bring(scene, party, data[: int(len(data) * share)])

    return Step("taking a parcel in", run)


def bring(scene: Scene, party: str, data: bytes) -> None:
    """Have a node take in what is on a stick; its officers are told what came of it."""
    view = scene.nodes[party].unpack(io.BytesIO(data), officer="a")
    for log in view.logs:
        gaps = [range(first, last + 1) for first, last in log.missing]
        missing = {at for gap in gaps for at in gap}
        end = log.held + log.aside + len(missing)
        ids = [one.id for one in scene.nodes[log.party].entries(scene.line, log.party)]
        ahead = [(at, ids[at]) for at in range(log.held, end) if at not in missing]
        scene.tell(party, "brought", (log.party, log.held, ahead))


def refused(party: str, other: str) -> Step:
    """An exchange in which the other takes no more of a log."""

    def run(scene: Scene) -> None:
        with suppress(QuotaError):
            scene.exchange(party, other)

    return Step("refusing for want of quota", run)


def _talk(number: int) -> Step:
    return send(A, f"EXERCISE. {number} of too many", f"too-many-{number}")


def bring_all(scene: Scene) -> None:
    """Whatever was carried comes at last, in its order."""
    for name, data in scene.sticks.items():
        with suppress(DetenteError):
            bring(scene, name.partition(" ")[0], data)


HAND = Script(
    "hand",
    (
        send(A, "EXERCISE. The first", "first"),
        send(A, "EXERCISE. The second", "second"),
        pack(A, B, "ru 1"),
        send(A, SECRET_TEXT, "secret"),
        pack(A, B, "ru 2", start=3),
        recall(A, "message", 2),
        send(A, "EXERCISE. The fourth", "fourth"),
        pack(A, B, "ru 3", start=4),
        unpack(B, "ru 2"),
        unpack(B, "ru 3"),
        unpack(B, "ru 1", share=0.7),
        unpack(B, "ru 1"),
        pack(A, B, "ru 4", start=3),
        unpack(B, "ru 4"),
        unpack(B, "ru 3"),
        pack(B, A, "af 1"),
        unpack(A, "af 1"),
        *(_talk(number) for number in range(4)),
        exchange(A, B),
        send(A, "EXERCISE. Urgent", "urgent", "urgent-safety"),
        exchange(A, B, "taking what is urgent beyond the quota"),
        _talk(4),
        refused(A, B),
        pack(A, B, "ru 5"),
        rotate(B),
        unpack(B, "ru 5"),
        exchange(B, A),
    ),
    Kind(len(PARTIES), met=True, hybrid=True),
    quota=QUOTA,
    secrets=(SECRET_TEXT.encode(),),
    erased=(SECRET_TEXT.encode(),),
)

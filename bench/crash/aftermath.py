"""After a crash: what is there, whether the nodes start and go on, and what is there then."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from bench.crash.disk import KEPT, LOST, Disk
from bench.crash.oracle import (
    DOUBLED,
    INCONSISTENT,
    OTHER,
    FaultError,
    Held,
    check,
    check_gone,
    check_marked,
    check_marks,
    check_no_secret,
    check_statement,
    check_told,
    entries_sent,
    sent,
)
from bench.crash.oracle import LOST as GONE
from bench.crash.recorder import Told
from bench.crash.recording import Crash, Recording
from bench.crash.script import PARTIES, SECRETS, A, B, Scene, exchange_all, go_on, say_something
from bench.simulation.disk import DATABASE
from detente.errors import DetenteError, StateError

OFFICERS = ("officer", "ending", "ended")


def put(folder: Path, files: dict[str, bytes]) -> None:
    """Have these files, and no others, below a new folder."""
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)


def victims(recording: Recording, crash: Crash) -> tuple[str, ...]:
    """Whose machine it is: the one that was writing, or both where sectors are torn."""
    if crash.kind not in (LOST, KEPT) or crash.at == len(recording.ops):
        return PARTIES
    return (recording.ops[crash.at].party,)


def crashed(recording: Recording, disk: Disk, crash: Crash) -> dict[str, bytes]:
    """The files that a crash leaves; ``disk`` has been brought to it."""
    seed = crash.at * 1009 + crash.seed
    return disk.crashed(crash.kind, seed, victims(recording, crash))


def live_on(recording: Recording, crash: Crash, folder: Path) -> None:
    """Start both nodes on what a crash left in ``folder``, and go on. Raises FaultError."""
    told = list(recording.heard(crash.at))
    new: list[Told] = []

    def tell(party: str, what: str, content: object) -> None:
        new.append(Told(crash.at, -1, party, what, content))
        check_marked(folder / party, party, recording.line, new[-1:])

    scene = Scene(folder, recording.line, tell)
    try:
        for party in PARTIES:
            scene.open(party)
        held = _held(folder)
        _check(folder, held, told)
        _check_prefix(recording, held)
        _check_officers(scene, told)
        step = recording.step(crash.at)
        # Whoever lost its connection, and not its own power, may well not ask again.
        if step is not None and step.again and crash.kind != KEPT:
            step.run(scene)
            _check_again(recording, crash, held, new)
        go_on(scene)
        held = _held(folder)
        _check(folder, held, told + new)
        check_level(scene, held)
        check_no_secret(folder / A, SECRETS[:1] * (len(held[A].of_type("recall")) > 0))
    except DetenteError as error:
        raise FaultError(OTHER, f"a node refused to go on: {error}") from error
    finally:
        scene.close()


def restored(
    recording: Recording, crash: Crash, party: str, folder: Path, *, marked: bool = True
) -> None:
    """Put the database of before everything in the place of a party's, beside its other files.

    It may not sign anything but what it has shown, neither now nor when it has its entries back
    from the other node. Without ``marked`` its marks are gone too, and cannot tell it. Raises
    FaultError, or DetenteError if it goes on no more.
    """
    own = folder / party
    for path in own.glob(f"{DATABASE}*"):
        path.unlink()
    put(folder, {f"{party}/{DATABASE}": recording.before[f"{party}/{DATABASE}"]})
    if not marked:
        (own / "shown.json").unlink()
    told = [one for one in recording.heard(crash.at) if one.what == "wire"]
    scene = Scene(folder, recording.line, lambda *one: told.append(Told(crash.at, -1, *one)))
    try:
        for one in PARTIES:
            scene.open(one)
        size = len(Held.of_file(own / DATABASE).log(party))
        was_shown = entries_sent(told, party) > size
        refused = _refused(lambda: say_something(scene, party))
        check(not was_shown or refused, INCONSISTENT, f"{party} signs a second history")
        exchange_all(scene)
        go_on(scene)
        held = _held(folder)
        for said in sent(told):
            check_statement(held, said)
    finally:
        scene.close()


def _refused(do: Callable[[], object]) -> bool:
    try:
        do()
    except StateError:
        return True
    return False


def _held(folder: Path) -> dict[str, Held]:
    return {party: Held.of_file(folder / party / DATABASE) for party in PARTIES}


def _check(folder: Path, held: dict[str, Held], told: list[Told]) -> None:
    check_told(held, told)
    for party in PARTIES:
        check_marks(folder / party, party, held[party])
        check_marked(folder / party, party, held[party].line, told)
        check_gone(folder / party, held[party], party)


def _check_prefix(recording: Recording, held: dict[str, Held]) -> None:
    """What is there is what was written, in its order, from its beginning."""
    for one in held.values():
        for party, log in one.logs.items():
            ids = [row.id for row in log]
            check(ids == recording.final[party][: len(ids)], INCONSISTENT, f"{party} is another")


def _check_officers(scene: Scene, told: list[Told]) -> None:
    """Who was let in gets in, unless that was to end; who was shut out does not."""
    of = {what: {one.content for one in told if one.what == what} for what in OFFICERS}
    for token in of["officer"] - of["ending"]:
        check(_gets_in(scene, token), GONE, "an officer was added, and is nobody")
    for token in of["ended"]:
        check(not _gets_in(scene, token), OTHER, "whose access was ended gets in again")


def _gets_in(scene: Scene, token: str) -> bool:
    with suppress(DetenteError):
        return bool(scene.nodes[B].officer_of(token))
    return False


def _check_again(
    recording: Recording, crash: Crash, held: dict[str, Held], new: list[Told]
) -> None:
    """A request that was made again has come to the same, whether it had come to it before."""
    number = recording.number(crash.at)
    was = [one.content for one in recording.told if (one.step, one.what) == (number, "entry")]
    done = [(one.party, one.content) for one in new if one.what == "entry"]
    for (index, _), (party, (index_again, id_)) in zip(was, done, strict=True):
        check(index_again == index, DOUBLED, f"{party}/{index} is {party}/{index_again} again")
        log = held[party].log(party)
        check(index >= len(log) or log[index].id == id_, DOUBLED, f"{party}/{index} is another")


def check_level(scene: Scene, held: dict[str, Held]) -> None:
    """Both hold the same, and of everything there is one."""
    for party, one in held.items():
        node = scene.nodes[party]
        # Folds all entries anew, and compares that with the state that is stored.
        found = node.verify()
        check(not found, OTHER, f"{party}: {found}")
        forks = [fork for link in node.links(scene.line) for fork in link.forks]
        check(not forks, INCONSISTENT, f"{party} knows of {forks}")
        texts = [row.body for row in one.of_type("message") if row.body is not None]
        check(len(set(texts)) == len(texts), DOUBLED, f"{party} holds a message twice")
        abouts = [str(row.header["about"]) for row in one.of_type("activity.release")]
        check(len(set(abouts)) == len(abouts), DOUBLED, f"{party} holds a release twice")
        honoured, recalls = one.of_type("recall.honoured"), one.of_type("recall")
        check(len(honoured) == len(recalls), GONE, f"{party}: a recall was never honoured")
    a, b = ({log: [row.id for row in one.log(log)] for log in PARTIES} for one in held.values())
    if scene.nodes[B].parted(scene.line, B):
        # It took nothing of what was said to it before its leaving was known.
        check(a[B] == b[B], GONE, f"{A} does not come to hold all that {B} wrote")
        check(b[A] == a[A][: len(b[A])], INCONSISTENT, f"{B} holds another log of {A}")
        return
    check(a == b, GONE, "the nodes do not come to hold the same")
    states = {scene.nodes[party].state_document(scene.line) for party in PARTIES}
    check(len(states) == 1, OTHER, "the nodes compute different states")

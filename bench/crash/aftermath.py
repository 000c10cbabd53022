"""After a crash: what is there, whether the nodes start and go on, and what is there then."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from bench.crash.disk import KEPT, LOST, Disk
from bench.crash.fault import DOUBLED, INCONSISTENT, OTHER, FaultError, Row, check
from bench.crash.fault import LOST as GONE
from bench.crash.hand import bring_all
from bench.crash.notes import check_keys
from bench.crash.oracle import (
    MARKS,
    Held,
    Holder,
    check_gone,
    check_marked,
    check_marks,
    check_no_secret,
    check_statement,
    check_told,
    entries_sent,
    marks_of,
    sent,
)
from bench.crash.recorder import Told
from bench.crash.recording import Crash, Recording
from bench.crash.scene import WITNESS, A, B, Scene, Script, say_something
from bench.crash.scripts import exchange_all, go_on
from bench.crash.third import WITNESS_NAME, call_all
from bench.crash.witnessed import DATABASE as WITNESS_DATABASE
from bench.crash.witnessed import HeldByWitness
from bench.simulation.disk import DATABASE
from detente.errors import DetenteError, StateError

OFFICERS = ("officer", "ending", "ended")


def put(folder: Path, files: dict[str, bytes]) -> None:
    """Have these files, and no others, below a new folder."""
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)


def victims(recording: Recording, crash: Crash) -> tuple[str, ...]:
    """Whose machine it is: the one that was writing, or all where sectors are torn."""
    if crash.kind not in (LOST, KEPT) or crash.at == len(recording.ops):
        return recording.script.machines
    return (recording.ops[crash.at].party,)


def crashed(recording: Recording, disk: Disk, crash: Crash) -> dict[str, bytes]:
    """The files that a crash leaves; ``disk`` has been brought to it."""
    seed = crash.at * 1009 + crash.seed
    return disk.crashed(crash.kind, seed, victims(recording, crash))


def live_on(recording: Recording, crash: Crash, folder: Path) -> None:
    """Start all machines on what a crash left in ``folder``, and go on. Raises FaultError."""
    script = recording.script
    told = list(recording.heard(crash.at))
    new: list[Told] = []

    def tell(party: str, what: str, content: object) -> None:
        new.append(Told(crash.at, -1, party, what, content))
        if party != WITNESS:
            check_marked(folder / party, party, recording.line, new[-1:])

    scene = _scene(recording, told, folder, tell)
    try:
        scene.open_all()
        held = _held(folder, script)
        _check(folder, script, held, told)
        _check_prefix(recording, held)
        _check_officers(scene, told)
        step = recording.step(crash.at)
        # Whoever lost its connection, and not its own power, may well not ask again.
        if step is not None and step.again and crash.kind != KEPT:
            step.run(scene)
            _check_again(recording, crash, held, new)
        go_on(scene)
        held = _held(folder, script)
        _check(folder, script, held, told + new)
        check_level(scene, held)
        if held[A].of_type("recall"):
            check_no_secret(folder / A, script.erased)
    except DetenteError as error:
        raise FaultError(OTHER, f"a node refused to go on: {error}") from error
    finally:
        scene.close()


def _scene(
    recording: Recording, told: list[Told], folder: Path, tell: Callable[[str, str, object], None]
) -> Scene:
    scene = Scene(folder, recording.line, tell, recording.script)
    scene.sticks |= dict(one.content for one in told if one.what == "stick")
    return scene


def restored(
    recording: Recording, crash: Crash, party: str, folder: Path, *, marked: bool = True
) -> None:
    """Put the database of before everything in the place of a party's, beside its other files.

    It may not sign anything but what it has shown, neither now nor when it has its entries back
    from the other node. Without ``marked`` its marks are gone too, and cannot tell it. Raises
    FaultError, or DetenteError if it goes on no more.
    """
    own, script = folder / party, recording.script
    _put_back(recording.before, own, DATABASE, marked=marked)
    heard = recording.heard(crash.at)
    told = [one for one in heard if one.what == "wire"]
    tell = lambda *one: told.append(Told(crash.at, -1, *one))  # noqa: E731
    scene = _scene(recording, heard, folder, tell)
    try:
        scene.open_all()
        size = len(Held.of_file(own / DATABASE).log(party))
        was_shown = entries_sent(told, party) > size
        refused = _refused(lambda: say_something(scene, party))
        check(not was_shown or refused, INCONSISTENT, f"{party} signs a second history")
        scene.raise_quota()
        bring_all(scene)
        exchange_all(scene)
        mark = marks_of(own, recording.line).get(party, (0, ""))[0]
        held = _held(folder, script)
        if max(len(one.log(party)) for one in held.values()) >= mark:
            go_on(scene)
        else:
            # It was shown, and not taken: there is nobody who could give it back.
            refused = _refused(lambda: say_something(scene, party))
            check(refused, INCONSISTENT, f"{party} signs a second history")
        held = _held(folder, script)
        holders: dict[str, Holder] = {**held, **_others(folder, script)}
        for said in sent(told):
            if said.signer != party or said.size <= len(held[party].log(said.party)):
                check_statement(holders, said)
    finally:
        scene.close()


def restored_witness(
    recording: Recording,
    crash: Crash,
    backup: dict[str, bytes],
    folder: Path,
    *,
    marked: bool = True,
) -> None:
    """Put the databases of a backup in the place of the witness's and of A's, whose marks are gone.

    A signs a second history then, which nothing can tell it; the witness may not cosign that.
    Without ``marked`` its own marks are gone too, and it does. Raises FaultError.
    """
    old = Held.of_file(folder / A / DATABASE)
    _put_back(backup, folder / WITNESS, WITNESS_DATABASE, marked=marked)
    _put_back(backup, folder / A, DATABASE, marked=False)
    told: list[Told] = []
    scene = _scene(recording, told, folder, lambda *one: told.append(Told(crash.at, -1, *one)))
    try:
        scene.open_all()
        while len(Held.of_file(folder / A / DATABASE).log(A)) <= len(old.log(A)):
            say_something(scene, A)
            with suppress(DetenteError):
                call_all(scene, A)
        check(bool(told), OTHER, "nothing was submitted")
        for said in sent(told):
            genuine = said.signer != WITNESS_NAME or old.beginning(said) is True
            check(genuine, INCONSISTENT, "the witness has cosigned two histories")
    finally:
        scene.close()


def _put_back(backup: dict[str, bytes], own: Path, database: str, *, marked: bool) -> None:
    for path in own.glob(f"{database}*"):
        path.unlink()
    of = {path: data for path, data in backup.items() if path.startswith(f"{own.name}/{database}")}
    put(own.parent, of)
    if not marked:
        (own / MARKS).unlink()


def _refused(do: Callable[[], object]) -> bool:
    try:
        do()
    except StateError:
        return True
    return False


def _held(folder: Path, script: Script) -> dict[str, Held]:
    return {party: Held.of_file(folder / party / DATABASE) for party in script.parties}


def _others(folder: Path, script: Script) -> dict[str, HeldByWitness]:
    return {WITNESS_NAME: HeldByWitness(folder)} if script.witness is not None else {}


def _check(folder: Path, script: Script, held: dict[str, Held], told: list[Told]) -> None:
    others = _others(folder, script)
    check_told(held, told, others)
    for witness in others.values():
        witness.check_marked(told)
    for party, one in held.items():
        own = one.log(party)
        check_marks(folder / party, party, one)
        check_marked(folder / party, party, one.line, told)
        check_gone(folder / party, one, party, script)
        one.notes.check_sealed(own)
        check_keys(folder / party, one.notes, own)
        if script.kind.two:
            one.notes.check_confirmed(own, _takes_two)


def _takes_two(row: Row) -> bool:
    """What takes two officers by the terms of every line of that kind."""
    if row.type == "commitment.open":
        return row.body is not None and "kind" in json.loads(row.body)
    exact = row.type == "activity.release" and row.header["about"]["form"] == "exact"
    return exact or row.type in ("terms.sign", "line.admit")


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
    """All on the line hold the same, and of everything there is one."""
    for party, one in held.items():
        node = scene.nodes[party]
        if one.line is None:
            continue
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
    joined = {
        party: {log: [row.id for row in one.log(log)] for log in held}
        for party, one in held.items()
        if one.line is not None
    }
    a, b = (joined[party] for party in (A, B))
    if scene.nodes[B].parted(scene.line, B):
        # It took nothing of what was said to it before its leaving was known.
        check(a[B] == b[B], GONE, f"{A} does not come to hold all that {B} wrote")
        check(b[A] == a[A][: len(b[A])], INCONSISTENT, f"{B} holds another log of {A}")
        return
    for party, logs in joined.items():
        check(logs == a, GONE, f"{party} and {A} do not come to hold the same")
    states = {scene.nodes[party].state_document(scene.line) for party in joined}
    check(len(states) == 1, OTHER, "the nodes compute different states")

"""The first script: two nodes file, release, talk, recall, change keys, leave; and common requests.

Every use case that signs, sends, erases or forgets, between two parties on one line.
"""

from bench.crash.scene import PARTIES, A, B, Scene, Script, Step
from bench.simulation.disk import BEGIN_S, Kind
from detente.volumes import Activity, Band, Core, Limit, Reference, Shape, Volume

SECRET_TEXT = "EXERCISE. The words that are recalled"
SECRET_LAT = 36.512345


def plan(party: str, name: str, lat: float) -> Activity:
    """A circle near Kunduz."""
    band = Band(Limit(7315.2, Reference.STD), Limit(7924.8, Reference.STD))
    core = Core(Shape.POINT, (((68.86, lat),),))
    volume = Volume(core, 20_000.0, band, BEGIN_S + 3600, BEGIN_S + 7200)
    return Activity(party, name, "surveillance", (volume,))


def file(party: str, name: str, lat: float) -> Step:
    """Keep a plan."""

    def run(scene: Scene) -> None:
        filed = scene.nodes[party].file(
            plan(party, name, lat), title=name, officer="a", key=f"file-{name}"
        )
        scene.tell(party, "plan", (filed.id, filed.revision))

    return Step("filing", run)


def release(party: str, name: str) -> Step:
    """Release a plan as it is."""

    def run(scene: Scene) -> None:
        node = scene.nodes[party]
        scene.said(party, node.release(name, scene.line, "exact", officer="a", key=f"tell-{name}"))

    return Step("releasing", run)


def send(party: str, text: str, key: str, precedence: str = "routine") -> Step:
    """Send a message."""

    def run(scene: Scene) -> None:
        node = scene.nodes[party]
        done = node.send(scene.line, text=text, precedence=precedence, officer="a", key=key)
        scene.said(party, done)

    return Step("talking", run)


def acknowledge(party: str, other: str) -> Step:
    """Say that the first message of another has been understood."""

    def run(scene: Scene) -> None:
        entry = scene.find(other, "message").id
        done = scene.nodes[party].acknowledge(
            scene.line, entry, "understood", officer="a", key="understood"
        )
        scene.said(party, done)

    return Step("talking", run)


def recall(party: str, type_: str, number: int = 0) -> Step:
    """Recall an entry of one's own."""

    def run(scene: Scene) -> None:
        entry = scene.find(party, type_, number).id
        node = scene.nodes[party]
        scene.said(party, node.recall(scene.line, entry, officer="a", key=f"recall-{type_}"))

    return Step("recalling", run)


def exchange(party: str, other: str, operation: str = "receiving and cosigning") -> Step:
    """One exchange."""
    return Step(operation, lambda scene: scene.exchange(party, other))


def rotate(party: str, *, authority: bool = False) -> Step:
    """Sign and open with new keys; ``authority``: and show certificates of a new authority."""

    def run(scene: Scene) -> None:
        node = scene.nodes[party]
        node.rotate_key(scene.folder / party, None, authority=authority, officer="a")
        scene.open(party)

    operation = "changing keys and authority" if authority else "changing keys"
    return Step(operation, run, again=False)


def reopen(party: str) -> Step:
    """Stop a node and start it again."""

    def run(scene: Scene) -> None:
        scene.open(party)

    return Step("stopping and starting", run)


def officers(party: str) -> Step:
    """Let an officer in, and shut it out."""

    def run(scene: Scene) -> None:
        token = scene.nodes[party].add_officer("watch-1", "watch")
        scene.tell(party, "officer", token)
        session = scene.nodes[party].log_in(scene.nodes[party].login_link("watch-1"))
        scene.tell(party, "officer", session)
        for one in (token, session):
            scene.tell(party, "ending", one)
        scene.nodes[party].end_officer("watch-1")
        for one in (token, session):
            scene.tell(party, "ended", one)

    return Step("officers", run, again=False)


def leave(party: str) -> Step:
    """Leave the line."""

    def run(scene: Scene) -> None:
        scene.said(party, scene.nodes[party].leave(scene.line, officer="a", key="leave"))

    return Step("leaving", run)


LINE = Script(
    "line",
    (
        file(A, "orbit", SECRET_LAT),
        release(A, "orbit"),
        file(B, "survey", 36.5),
        release(B, "survey"),
        exchange(A, B),
        send(A, SECRET_TEXT, "first"),
        exchange(A, B),
        acknowledge(B, A),
        exchange(B, A),
        reopen(B),
        recall(A, "message"),
        recall(A, "activity.release"),
        exchange(A, B, "honouring a recall"),
        exchange(B, A),
        rotate(A),
        send(A, "EXERCISE. Signed with the new key", "second"),
        exchange(A, B),
        officers(B),
        send(B, "EXERCISE. The last word", "last"),
        leave(B),
        exchange(B, A, "leaving"),
    ),
    Kind(len(PARTIES), met=True, hybrid=True),
    secrets=(SECRET_TEXT.encode(), str(SECRET_LAT).encode()),
    erased=(SECRET_TEXT.encode(),),
)

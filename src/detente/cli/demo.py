"""`detente demo`: the built-in exercise, with two real nodes on this machine."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from detente.errors import StateError

if TYPE_CHECKING:
    from detente.exercise.stage import Stage

MARKER = "exercise.txt"
"""Stands in every folder that the exercise made, and lets `--reset` remove nothing else."""

WATCH_S = 0.5


def demo(
    headless: Annotated[
        bool, typer.Option("--headless", help="Walk through the exercise and print a transcript.")
    ] = False,
    reset: Annotated[
        bool, typer.Option("--reset", help="Begin again from nothing; removes the kept state.")
    ] = False,
    data: Annotated[
        Path, typer.Option(metavar="DIR", help="Where the exercise keeps its nodes.")
    ] = Path("demo-data"),
) -> None:
    """Run exercise NORTHERN WATCH: three parties, three nodes.

    Serves the parties' consoles and prints their one-time log-in links. The state is kept and
    taken up again the next time. With --headless it plays the exercise through from nothing.
    """
    from detente.exercise.stage import Stage
    from detente.exercise.walk import Walk

    # Paths are shown and handed to other processes.
    directory = data.resolve() / ("headless" if headless else "nodes")
    if reset or headless:
        _clear(directory)
    _mark(directory)
    with Stage(directory, watching=not headless) as stage:
        if headless:
            Walk(stage, lambda text: print(text, flush=True)).run()
        else:
            _serve(stage)


def _serve(stage: "Stage") -> None:
    import signal
    import time
    from contextlib import ExitStack

    from detente.exercise import northern_watch as exercise
    from detente.exercise import panj
    from detente.exercise.opening import open_exercise

    # A service manager stops us with SIGTERM; the nodes are then stopped as with Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if not stage.is_set:
            print("Making three nodes, one for each party (once) …", flush=True)
            stage.set()
        stage.start()
        with ExitStack() as stack:
            officers = stage.officers(stack)
            opened = stage.directory / "opened"
            first = not opened.exists()
            if first:
                print("Filing, releasing and talking until the exercise stands …", flush=True)
                open_exercise(officers["us"], officers["ru"])
                opened.touch()
            print(f"\nEXERCISE {exercise.NAME}. Real geography, invented plans.")
            print("Its keys lie unprotected on the disk, and its officers come in by links.\n")
            names = exercise.PARTY_NAMES | panj.PARTY_NAMES
            for party in stage.nodes:
                link = stage.log_in_link(party)
                print(f"  {party}  {names[party]}")
                print(f"      {link}   (opens once)")
            print("  guest of tj, at its desk (in another browser than tj's own officer)")
            if first:
                print(f"      {stage.guest_link()}   (opens once)")
            else:
                print(f"      a link for the next one: ./dev {' '.join(stage.guest_command())}")
        print(
            "\nOpen us and ru on the line northern-watch; the hint there says what to do next."
            "\nThe line panj has a visit under way, a desk to escort, and a day's observations."
            "\nCtrl-C stops the nodes; what stands is kept, and --reset begins again.",
            flush=True,
        )
        while all(node.is_running for node in stage.nodes.values()):
            time.sleep(WATCH_S)
    except KeyboardInterrupt:
        print("\nStopping the nodes …", flush=True)
        return
    stopped = [party for party, node in stage.nodes.items() if not node.is_running]
    raise StateError(
        f"the node of {' and '.join(stopped)} has ended by itself",
        remedy=f"see {stage.directory / stopped[0] / 'serve.log'}",
    )


def _clear(directory: Path) -> None:
    import shutil

    if not directory.exists():
        return
    if not (directory / MARKER).exists():
        raise StateError(
            "was not made by the exercise and is left alone",
            where=str(directory),
            remedy="name another folder with --data",
        )
    shutil.rmtree(directory)


def _mark(directory: Path) -> None:
    if directory.exists() and not (directory / MARKER).exists() and any(directory.iterdir()):
        raise StateError(
            "holds something else than the exercise",
            where=str(directory),
            remedy="name another folder with --data",
        )
    directory.mkdir(parents=True, exist_ok=True)
    (directory / MARKER).write_text("EXERCISE NORTHERN WATCH. Everything in here is invented.\n")

"""``./dev bench NAME``: run one measurement and print its figures as lines of ``name: value``."""

import argparse
import importlib

NAMES = {
    "check": "detente check on the quickstart sample, or with --count on a file of so many",
    "crash": "nodes lose their power at every write and sync: nothing acknowledged is lost",
    "engine": "the conflict engine against shapely and SQLite, and its answers against an oracle",
    "fuzz": "every reader of what comes from outside, fed with mutations of a corpus",
    "linking": "suggestions of reports that may be of one event, against planted truth",
    "mutations": "break each bound of the conflict engine on purpose: a test has to fail",
    "node": "a node with many activities: opening, entries a second, answers",
    "observations": "importing 100,000 invented events, and the same file again",
    "record": "entries from an officer's word to the other side's cosignature; proofs",
    "simulation": "a line under every fault of network, disk, clock and peer, told by seeds",
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    commands = parser.add_subparsers(dest="name", required=True, metavar="NAME")
    for name, what in NAMES.items():
        importlib.import_module(f"bench.{name}").options(
            commands.add_parser(name, help=what, description=what)
        )
    arguments = parser.parse_args()
    importlib.import_module(f"bench.{arguments.name}").run(arguments)


if __name__ == "__main__":
    main()

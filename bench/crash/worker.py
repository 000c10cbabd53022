"""Both nodes at the first script, in a process that is going to be killed (``python -m`` this).

On its standard output, a line of JSON for everything that leaves a node, and one for each step that
is done. What its reader has read was told; what it has not read was told to nobody.
"""

import base64
import json
import sys
from pathlib import Path
from typing import Any

from bench.crash.recorder import Told
from bench.crash.scene import Scene
from bench.crash.script import LINE
from detente.errors import StoreError

TRIES = 50


def main(folder: str, line: str, first: str, again: str) -> None:
    """Go through the script from step ``first`` on, which was begun before if ``again`` is 1."""
    scene = Scene(Path(folder), line, _tell, LINE)
    scene.open_all()
    for number, step in list(enumerate(LINE.steps))[int(first) :]:
        if step.again or number > int(first) or again == "0":
            _tried(scene, number)
        _say(["done", number])
    scene.close()


def _tried(scene: Scene, number: int) -> None:
    """A step; where the database server has gone away under it, again and again."""
    for _ in range(TRIES):
        try:
            LINE.steps[number].run(scene)
        except StoreError:
            if not LINE.steps[number].again:
                return
        else:
            return
    raise TimeoutError(f"step {number} was never done")


def _tell(party: str, what: str, content: Any) -> None:
    if what == "wire":
        content = [
            None if one is None else base64.b64encode(one).decode() for one in content[:2]
        ] + [content[2]]
    _say([party, what, content])


def _say(value: Any) -> None:
    print(json.dumps(value), flush=True)


def told(line: str) -> Told:
    """What a line of the output tells."""
    party, what, content = json.loads(line)
    if what == "wire":
        answer, asked = (None if one is None else base64.b64decode(one) for one in content[:2])
        content = (answer, asked, content[2])
    return Told(0, -1, party, what, tuple(content) if what == "entry" else content)


if __name__ == "__main__":
    main(*sys.argv[1:])

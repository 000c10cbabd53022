"""The example files of permissions and visits: each is what its command sends to the node."""

from pathlib import Path

import msgspec
import pytest

from detente.cli.fields import read_fields
from detente.line import bodies
from detente.line.bodies.permissions import Limits

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("permission-request", bodies.RequestBody),
        ("permission-limits", Limits),
        ("visit-notice", bodies.NoticeBody),
        ("visit-acknowledge", bodies.NotedBody),
    ],
)
def test_an_example_has_the_protocols_fields_and_is_marked(
    name: str, kind: type[msgspec.Struct]
) -> None:
    path = EXAMPLES / f"{name}.toml"
    assert path.read_text().startswith("# EXERCISE")
    given = read_fields(path)
    msgspec.convert(given, kind)
    # A field that is none would be left out without a word.
    assert given.keys() <= {field.name for field in msgspec.structs.fields(kind)}

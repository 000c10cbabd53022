"""What callers say is passed on by name: every name is one that the node takes there."""

import inspect
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from detente.api.route import Call, Route, is_struct, operation_id
from detente.api.table import ROUTES
from detente.node import Node
from detente.node.views import OfficerView


class Asked:
    """Stands where the node does, and holds what it is asked against the node's own parameters."""

    def __init__(self) -> None:
        self.given: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Callable[..., None]:
        takes = inspect.signature(getattr(Node, name))

        def ask(*args: Any, **said: Any) -> None:
            self.given = takes.bind(self, *args, **said).arguments

        return ask


SAYING = [route for route in ROUTES if "said(call)" in inspect.getsource(route.handler)]
"""Those whose call passes on all that is said, as it is."""


@pytest.mark.parametrize("route", SAYING, ids=operation_id)
def test_what_is_said_has_the_names_that_the_node_takes(route: Route) -> None:
    path = {one[1:-1]: f"path {one}" for one in route.path.split("/") if one.startswith("{")}
    body = None
    if is_struct(route.body):
        body = route.body(**{one.name: one.name for one in msgspec.structs.fields(route.body)})
    node: Any = Asked()
    officer = OfficerView(name="watch-1", role="senior", active=True)
    route.handler(node, Call(officer, path, None, body, b"", "a-key"))
    fields = {} if body is None else msgspec.structs.asdict(body)
    assert node.given == {"self": node, **path, **fields, "officer": "watch-1", "key": "a-key"}

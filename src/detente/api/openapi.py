"""The OpenAPI 3.1 document of the officers' face, made from the route table and the Structs."""

import re
from collections.abc import Iterable
from typing import Any

import msgspec

import detente
from detente.api.errors import Problem, status_of
from detente.api.health import Health
from detente.api.route import KEY_CHARACTERS_MAX, V1, Route, is_struct, operation_id
from detente.errors import CredentialError, DetenteError, InputError, StateError, StoreError
from detente.node import roles

_REF = "#/components/schemas/{name}"

_HEALTH = {"application/json": {"schema": {"$ref": _REF.format(name="Health")}}}

_DESCRIPTION = (
    "What a party's own systems may ask of its node. A node informs; it gives no permission. "
    "Plans stay private until they are released onto a line. Send an officer's token as a bearer "
    "token. Times are RFC 3339 in UTC; lengths are metres; places are WGS84 degrees."
)


def _refused(errors: Iterable[type[DetenteError]]) -> dict[str, Any]:
    """The answers that these errors give, by status."""
    by_status: dict[int, set[str]] = {}
    for error in errors:
        by_status.setdefault(status_of(error), set()).add(error.code)
    return {
        str(status): {
            "description": "Refused: " + " or ".join(f"`{word}`" for word in sorted(words)),
            "content": {"application/json": {"schema": {"$ref": _REF.format(name="Problem")}}},
        }
        for status, words in sorted(by_status.items())
    }


_WATCHING: dict[str, Any] = {
    "/healthz": {
        "get": {
            "operationId": "healthz",
            "summary": "Whether the node works; 503 when it does not, or that is unknown",
            "tags": ["watching"],
            "security": [],
            "responses": {
                "200": {"description": "Store and writer work.", "content": _HEALTH},
                "503": {"description": "One fails, or is unknown.", "content": _HEALTH},
            },
        }
    },
    "/metrics": {
        "get": {
            "operationId": "metrics",
            "summary": "Counters and gauges in Prometheus' text format",
            "tags": ["watching"],
            "responses": {
                "200": {"description": "The numbers.", "content": {"text/plain": {}}},
                **_refused([CredentialError, StoreError]),
            },
        }
    },
    f"{V1}/events": {
        "get": {
            "operationId": "events",
            "summary": "What changes, live, as Server-Sent Events with the change as data",
            "tags": ["watching"],
            "parameters": [
                {
                    "name": "since",
                    "in": "query",
                    "required": False,
                    "description": "Begin above this change number; without it, from now on.",
                    "schema": {"type": "integer", "minimum": 0},
                }
            ],
            "responses": {
                "200": {"description": "The stream.", "content": {"text/event-stream": {}}},
                **_refused([CredentialError, InputError, StateError, StoreError]),
            },
        }
    },
}
"""What is served beside the table, because it is no call of the node with one answer (``app``)."""


def openapi(routes: tuple[Route, ...]) -> dict[str, Any]:
    """The document, as a JSON value."""
    kinds = [Problem, Health, *(kind for route in routes for kind in _structs(route))]
    schemas, components = msgspec.json.schema_components(kinds, ref_template=_REF)
    # The same Struct may stand in many routes; each gives the same schema.
    schema_of = dict(zip(map(repr, kinds), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schema_of)
    paths.update(_WATCHING)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Détente node",
            "version": detente.__version__,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"officer": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "officer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An officer's token, or a session's.",
                }
            },
        },
    }


def _structs(route: Route) -> list[Any]:
    kinds = [route.body, route.query, route.answer]
    return [kind for kind in kinds if kind is not None and kind is not bytes]


def _operation(route: Route, schema_of: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": operation_id(route),
        "summary": route.summary,
        "tags": [route.tag],
        "responses": _responses(route, schema_of),
    }
    if not route.open and route.act != roles.LOOK:
        able = [f"`{role}`" for role in roles.ROLES if role in roles.MAY[route.act]]
        operation["description"] = f"Needs the role {' or '.join(able)}."
    if route.open:
        operation["security"] = []
    if parameters := _parameters(route):
        operation["parameters"] = parameters
    if route.body is bytes:
        content: dict[str, Any] = {"application/octet-stream": {}}
        operation["requestBody"] = {"required": True, "content": content}
    elif route.body is not None:
        content = {"application/json": {"schema": schema_of[repr(route.body)]}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _parameters(route: Route) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", route.path)
    ]
    if is_struct(route.query):
        ours = msgspec.json.schema_components([route.query])[1][route.query.__name__]
        found += [
            {
                "name": name,
                "in": "query",
                "required": name in ours.get("required", []),
                "schema": schema,
            }
            for name, schema in ours["properties"].items()
        ]
    if route.writes:
        found.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "The same for every try of one request: it is done once.",
                "schema": {"type": "string", "minLength": 1, "maxLength": KEY_CHARACTERS_MAX},
            }
        )
    return found


def _responses(route: Route, schema_of: dict[str, Any]) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    if route.answer is None:
        responses["204"] = {"description": "Done; there is nothing to show."}
    elif route.answer is bytes:
        content: dict[str, Any] = {route.media: {}}
        responses[str(route.status)] = {"description": route.summary, "content": content}
    else:
        content = {route.media: {"schema": schema_of[repr(route.answer)]}}
        responses[str(route.status)] = {"description": route.summary, "content": content}
    return responses | _refused(route.refusals)

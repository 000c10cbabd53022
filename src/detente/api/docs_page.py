"""The page at ``/docs``: every path, from the same document as ``/openapi.json``.

Plain HTML without a script, because this page must work on a network that reaches nothing else.
"""

from html import escape
from typing import Any

import msgspec

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;
color:#1b2430;background:#fff}
h2{margin-top:2.5rem;border-bottom:1px solid #ccd3da}
details{border:1px solid #ccd3da;border-radius:4px;margin:.4rem 0;padding:.4rem .7rem}
summary{cursor:pointer}code,pre{font:13px/1.45 ui-monospace,monospace}
pre{overflow:auto;background:#f3f5f7;padding:.6rem}.verb{display:inline-block;width:4.2rem;
font-weight:600}.path{margin-right:1rem}
@media(prefers-color-scheme:dark){body{color:#dde3ea;background:#12171d}
pre{background:#1b232c}details,h2{border-color:#39444f}}
"""


def docs_page(document: dict[str, Any]) -> str:
    """The whole page for an OpenAPI ``document``."""
    info = document["info"]
    operations = [
        (path, verb, operation)
        for path, verbs in document["paths"].items()
        for verb, operation in verbs.items()
    ]
    tags = dict.fromkeys(operation["tags"][0] for _, _, operation in operations)
    sections = "".join(
        f"<h2>{escape(tag)}</h2>"
        + "".join(_operation(*found) for found in operations if found[2]["tags"][0] == tag)
        for tag in tags
    )
    schemas = "".join(
        f'<details id="{escape(name)}"><summary><code>{escape(name)}</code></summary>'
        f"{_json(schema)}</details>"
        for name, schema in sorted(document["components"]["schemas"].items())
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(info['title'])}: HTTP API</title><style>{STYLE}</style></head><body>"
        f"<h1>{escape(info['title'])}: HTTP API {escape(info['version'])}</h1>"
        f"<p>{escape(info['description'])} The same for programs: "
        '<a href="/openapi.json">/openapi.json</a>.</p>'
        f"{sections}<h2>Schemas</h2>{schemas}</body></html>"
    )


def _operation(path: str, verb: str, operation: dict[str, Any]) -> str:
    parts = [f"<p>{escape(operation['description'])}</p>"] if "description" in operation else []
    if "parameters" in operation:
        parts.append("<p>Parameters</p>" + _json(operation["parameters"]))
    if "requestBody" in operation:
        parts.append("<p>Body</p>" + _json(operation["requestBody"]["content"]))
    parts.append("<p>Answers</p>" + _json(operation["responses"]))
    return (
        f'<details id="{escape(operation["operationId"])}"><summary>'
        f'<code class="verb">{verb.upper()}</code><code class="path">{escape(path)}</code>'
        f"{escape(operation['summary'])}</summary>{''.join(parts)}</details>"
    )


def _json(value: Any) -> str:
    return f"<pre>{escape(msgspec.json.format(msgspec.json.encode(value)).decode())}</pre>"

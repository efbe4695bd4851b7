"""The API's documentation page, built from the OpenAPI document, without scripts or external files."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from html import escape
from typing import Any

_STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.6 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2 { font-family: Georgia, serif; line-height: 1.25; }
h2 { margin-top: 2.5rem; }
pre { padding: .75rem 1rem; overflow-x: auto; border: 1px solid color-mix(in srgb, currentColor 25%, transparent); }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem 1rem .3rem 0; }
@media (max-width: 40rem) { td { display: block; padding: .1rem 0; overflow-wrap: anywhere; } }
tr { border-bottom: 1px solid color-mix(in srgb, currentColor 15%, transparent); }
"""


def build(document: dict[str, Any], origin: str) -> str:
    """Returns the page as HTML.

    Args:
        document: the OpenAPI document.
        origin: the server's origin as the reader addressed it, such as ``http://127.0.0.1:8501``.
    """
    base = origin + document["servers"][0]["url"]
    title = f"{document['info']['title']} API"
    parts = [
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{escape(title)}</title>",
        f"<meta name='viewport' content='width=device-width'><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1><p>{escape(document['info']['description'])}</p>",
        "<p>Programs on this machine need no token, unless a token is set or login is on.",
        " All others send <code>Authorization: Bearer TOKEN</code>.",
        " Every error is JSON with one sentence: <code>{&quot;error&quot;: &quot;…&quot;}</code>.",
        " OpenAPI document: <a href='openapi.json'>openapi.json</a>.</p>",
    ]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            parts += _operation(document, base, path, method, operation)
    return "".join([*parts, "</body></html>"])


def _operation(document: dict[str, Any], base: str, path: str, method: str, operation: dict[str, Any]) -> Iterator[str]:
    yield f"<h2>{escape(operation['summary'])}</h2><p><code>{method.upper()} {escape(path)}</code></p>"
    command = f"curl {shlex.quote(base + path)}"
    if body := operation.get("requestBody"):
        model = _model(document, body)
        example = {name: field["examples"][0] for name, field in model["properties"].items()}
        command += f" \\\n  -H 'Content-Type: application/json' \\\n  -d {shlex.quote(json.dumps(example))}"
        yield f"<pre>{escape(command)}</pre><h3>Request</h3>{_table(document, model)}"
    else:
        yield f"<pre>{escape(command)}</pre>"
    response = operation["responses"]["200"]
    if "application/json" in response["content"]:
        yield f"<h3>Response</h3>{_table(document, _model(document, response))}"
    errors = [(status, each["description"]) for status, each in operation["responses"].items() if status != "200"]
    if errors:
        rows = "".join(f"<tr><td>{status}</td><td>{escape(meaning)}</td></tr>" for status, meaning in errors)
        yield f"<h3>Errors</h3><table>{rows}</table>"


def _model(document: dict[str, Any], holder: dict[str, Any]) -> dict[str, Any]:
    return _resolve(document, holder["content"]["application/json"]["schema"])


def _resolve(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    name = schema["$ref"].rpartition("/")[2]
    model: dict[str, Any] = document["components"]["schemas"][name]
    return model


def _table(document: dict[str, Any], model: dict[str, Any]) -> str:
    return f"<table>{''.join(_rows(document, model, ''))}</table>"


def _rows(document: dict[str, Any], model: dict[str, Any], prefix: str) -> Iterator[str]:
    for name, field in model["properties"].items():
        meaning = escape(field.get("description", ""))
        yield f"<tr><td><code>{escape(prefix + name)}</code></td><td>{escape(_kind(field))}</td><td>{meaning}</td></tr>"
        if "$ref" in (items := field.get("items", {})):
            yield from _rows(document, _resolve(document, items), f"{prefix}{name}[].")


def _kind(field: dict[str, Any]) -> str:
    """Returns a field's type in words: "number or null", "list of string"."""
    if "anyOf" in field:
        return " or ".join(map(_kind, field["anyOf"]))
    if "enum" in field:
        return " | ".join(field["enum"])
    if field.get("type") == "array":
        return f"list of {_kind(field['items'])}"
    return str(field.get("type", "object"))

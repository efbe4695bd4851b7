"""Pages of the app, run in process: opens one, presses its buttons, and reads its text and charts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from streamlit.testing.v1 import AppTest

PAGES = ("review", "training", "evaluation", "dataset", "model_card")  # that show a run; Score a file shows jobs
TIMEOUT = 60  # seconds for one run of a page; on a busy machine a page takes several


def open_page(name: str, **query: str) -> AppTest:
    """Opens a page as the app shows it, with the choice of the model in the sidebar."""

    def script(name: str) -> None:
        import importlib

        from sentiment.app.shared import current_run

        current_run.choose_run()
        importlib.import_module(f"sentiment.app.{name}.page").page()

    app = AppTest.from_function(script, args=(name,), default_timeout=TIMEOUT)
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def turn_to(app: AppTest, tab: str) -> None:
    """Opens another tab of the page."""
    app.query_params["tab"] = tab
    app.run()


def press(app: AppTest, label: str) -> None:
    """Presses the button with this label."""
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception


def said(app: AppTest) -> str:
    """Returns all text of a page, with that of the verdict card."""
    kinds = ("title", "header", "subheader", "markdown", "text", "caption", "info", "warning", "error")
    return "\n".join([*(element.value for kind in kinds for element in app.get(kind)), *_verdict_lines(app)])


def components(app: AppTest, name: str) -> list[dict[str, Any]]:
    """Returns the data of each component of the app with this name."""
    found = [each.proto for each in app.get("bidi_component")]
    return [json.loads(proto.json) for proto in found if proto.component_name == f"sentiment_{name}"]


def _verdict_lines(app: AppTest) -> Iterator[str]:
    for card in components(app, "verdict"):
        yield from (card["headline"], card["percent"], card["line"], *card["notes"])
        if card["before"]:
            yield card["before"]["text"]


def chart_specs(app: AppTest) -> list[dict[str, Any]]:
    """Returns the specifications of the Vega-Lite charts of a page."""
    return [json.loads(chart.proto.spec) for chart in app.get("vega_lite_chart")]


def check_charts(app: AppTest) -> None:
    """Asserts that a page has charts, each with a description, its rows as CSV, and no black rule."""
    specs = chart_specs(app)
    assert specs
    assert all(chart.proto.alt for chart in app.get("vega_lite_chart"))
    csv = [button for button in app.get("download_button") if "CSV" in button.proto.label + button.proto.help]
    assert len(csv) >= len(specs) - 1  # two charts may show the same rows
    assert [rule for spec in specs for rule in black_rules(spec)] == []


def selections(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns the parameters of a chart and of its parts."""
    inner = [part for kind in ("layer", "vconcat") for part in spec.get(kind, [])]
    return [*spec.get("params", []), *(param for part in inner for param in selections(part))]


def black_rules(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns the rules of a chart without a colour, which would be black on the dark theme."""
    if "mark" in spec:
        mark = spec["mark"]
        return [mark] if mark["type"] == "rule" and "color" not in {*mark, *spec["encoding"]} else []
    return [mark for kind in ("layer", "vconcat") for part in spec.get(kind, []) for mark in black_rules(part)]

"""The page "Analyse a review" in process: its editor and verdict card are components, which AppTest does not know."""

from __future__ import annotations

import json
from typing import Any

from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime.state.session_state import STREAMLIT_INTERNAL_KEY_PREFIX
from streamlit.testing.v1 import AppTest


def send(app: AppTest, event: str, value: Any) -> AppTest:
    """Sends an event of the editor, as the browser does."""
    states = app._tree.get_widget_states()
    identity = f"{STREAMLIT_INTERNAL_KEY_PREFIX}_{_component(app, 'editor').id}__events"
    events = json.dumps([{"event": event, "value": value}])
    states.widgets.append(WidgetState(id=identity, json_trigger_value=events))
    app._run(states)
    assert not app.exception
    return app


def analyse(app: AppTest, text: str, how: str = "submit") -> AppTest:
    """Types a text; ``how`` is live, submit, or store for one that is not analysed yet."""
    return send(app, "typed", {"text": text, "how": how})


def editor(app: AppTest) -> dict[str, Any]:
    """The data of the editor."""
    return json.loads(_component(app, "editor").json)


def card(app: AppTest) -> dict[str, Any]:
    """The data of the verdict card."""
    return json.loads(_component(app, "verdict").json)


def ranking(app: AppTest) -> list[dict[str, Any]]:
    """The data of the list of top words, once for each that is shown."""
    found = [each.proto for each in app.get("bidi_component") if each.proto.component_name == "sentiment_ranking"]
    return [json.loads(proto.json) for proto in found]


def said_by_card(app: AppTest) -> str:
    """All words of the verdict card; empty if there is none."""
    cards = [each for each in app.get("bidi_component") if each.proto.component_name == "sentiment_verdict"]
    texts = [json.loads(each.proto.json) for each in cards]
    return "\n".join(line for each in texts for line in _lines(each))


def _lines(card: dict[str, Any]) -> list[str]:
    before = [card["before"]["text"]] if card["before"] else []
    return [card["headline"], card["percent"], card["line"], *card["notes"], *before]


def _component(app: AppTest, name: str) -> Any:
    [found] = [each.proto for each in app.get("bidi_component") if each.proto.component_name == f"sentiment_{name}"]
    return found

"""The page "Analyse a review", run in process; its editor and verdict card are components, unknown to AppTest."""

from __future__ import annotations

import json
from typing import Any

from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime.state.session_state import STREAMLIT_INTERNAL_KEY_PREFIX
from streamlit.testing.v1 import AppTest

from sentiment.app.review import history
from tests.app_pages import components, press


def send(app: AppTest, event: str, value: Any) -> AppTest:
    """Sends an event of the editor, as the browser does."""
    [proto] = [each.proto for each in app.get("bidi_component") if each.proto.component_name == "sentiment_editor"]
    states = app._tree.get_widget_states()
    identity = f"{STREAMLIT_INTERNAL_KEY_PREFIX}_{proto.id}__events"
    events = json.dumps([{"event": event, "value": value}])
    states.widgets.append(WidgetState(id=identity, json_trigger_value=events))
    app._run(states)
    assert not app.exception
    return app


def analyse(app: AppTest, text: str, how: str = "submit") -> AppTest:
    """Types a text; ``how`` is live, submit, or store for one that is not analysed yet."""
    return send(app, "typed", {"text": text, "how": how})


def editor(app: AppTest) -> dict[str, Any]:
    """Returns the data of the editor."""
    [found] = components(app, "editor")
    return found


def card(app: AppTest) -> dict[str, Any]:
    """Returns the data of the verdict card."""
    [found] = components(app, "verdict")
    return found


def ranking(app: AppTest) -> list[dict[str, Any]]:
    """Returns the data of each list of top words."""
    return components(app, "ranking")


def tick(app: AppTest, *numbers: int) -> None:
    """Opens the list of analyses and ticks those with these numbers."""
    newest_first = list(reversed(app.session_state["analyses"]))
    rows = [row for row, each in enumerate(newest_first) if each.number in numbers]
    app.session_state["history"] = True
    app.session_state[history.table_key(newest_first)] = {"selection": {"rows": rows}}
    app.run()
    assert not app.exception


def delete_all(app: AppTest) -> None:
    """Deletes all analyses."""
    tick(app)
    press(app, "Delete now")

"""What surrounds every page: the choice of the model, the navigation, the theme, and shared controls."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from sentiment import __version__
from sentiment.app.shared import navigation, segments
from sentiment.app.shared.buttons import primary_label
from tests.app_runs import all_runs

HOME = Path(__file__).resolve().parent.parent
MIN_CONTRAST = 4.5  # of WCAG, level AA


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three runs, the last with a damaged file of test results."""
    root = all_runs(tmp_path / "runs")
    (root / "other" / "test.json").write_text(json.dumps({"test": {"accuracy": 0.9183}}), encoding="utf-8")
    monkeypatch.setenv("SENTIMENT_RUNS", str(root))
    return root


def sidebar(**query: str) -> AppTest:
    """The sidebar alone, with these parameters in the address."""

    def script() -> None:
        from sentiment.app.shared import current_run

        current_run.choose_run()

    app = AppTest.from_function(script, default_timeout=30)
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def test_each_model_is_listed_with_its_test_accuracy_and_the_default_marked(runs: Path) -> None:
    (runs / "tiny" / "test.json").write_text('{"test": {"accuracy": 0.9328}}', encoding="utf-8")
    [choice] = sidebar().selectbox
    assert choice.options == ["other – 91.8%", "tiny – 93.3% (default)"]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"test": 1}', '{"test": {"accuracy": null}}', "[" * 200_000])
def test_a_model_with_a_damaged_test_result_is_listed_by_its_name(runs: Path, content: str) -> None:
    (runs / "tiny" / "test.json").write_text(content, encoding="utf-8")
    app = sidebar()
    assert not app.exception
    assert app.selectbox[0].options[-1] == "tiny (default)"


def test_the_address_names_the_model_unless_it_is_the_default(runs: Path) -> None:
    app = sidebar(run="other", grain="step")
    assert app.selectbox(key="run").value == "other"
    assert app.query_params["run"] == "other"
    app.selectbox(key="run").select("tiny").run()
    assert app.selectbox(key="run").value == "tiny"
    assert "run" not in app.query_params
    assert app.query_params["grain"] == "step"
    app.selectbox(key="run").select("other").run()
    assert app.query_params["run"] == "other"


def test_the_model_stays_chosen_when_the_address_no_longer_names_it(runs: Path) -> None:
    app = sidebar(run="other")
    del app.query_params["run"]
    assert app.run().selectbox(key="run").value == "other"
    assert app.query_params["run"] == "other"


@pytest.mark.parametrize("default", ["tinny", "", "..", None])
def test_a_link_to_a_missing_model_chooses_none_if_the_default_is_wrong(runs: Path, default: str | None) -> None:
    (runs / "default").unlink()
    if default is not None:
        (runs / "default").write_text(default)
    app = sidebar(run="gone")
    assert [each.value for each in app.warning] == ["The model in this link isn't available. Choose another one."]
    assert app.selectbox(key="run").value is None


def test_the_navigation_lists_six_pages() -> None:
    titles = [entry.title for entry in navigation.ENTRIES]
    assert titles == ["Analyse a review", "Score a file", "Training", "Evaluation", "Dataset", "Model card"]


def test_no_address_leads_to_two_pages() -> None:
    paths = [path for each in navigation.ENTRIES for path in (navigation._url_path(each), *navigation._aliases(each))]
    assert len(paths) > len(navigation.ENTRIES)  # some have aliases
    assert sorted(paths) == sorted(set(paths))


def test_the_about_text_has_the_version_and_no_link() -> None:
    assert f"Sentiment** {__version__}:" in navigation.about()
    assert not re.search(r"http|www|\]\(|<", navigation.about())


def test_a_disabled_primary_button_keeps_its_own_text_colour() -> None:
    assert primary_label("Go", ":material/login:") == ":violet[:material/login: Go]"
    assert primary_label("Go", disabled=True) == "Go"


def _luminance(colour: str) -> float:
    """The relative luminance of a colour, as WCAG defines it."""
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("name", ["light", "dark"])
def test_text_contrasts_with_its_background(name: str) -> None:
    theme = tomllib.loads((HOME / ".streamlit/config.toml").read_text(encoding="utf-8"))["theme"][name]
    pairs = [("violetTextColor", "primaryColor")]
    for back in ("backgroundColor", "secondaryBackgroundColor"):
        pairs += [(text, back) for text in ("textColor", "primaryColor", "linkColor")]
    for text, back in pairs:
        light, dark = sorted((_luminance(theme[text]), _luminance(theme[back])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= MIN_CONTRAST, (text, back)


def test_a_segment_is_chosen_even_if_the_browser_sends_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for sent, chosen in ((None, "b"), ("a", "a")):
        monkeypatch.setattr(segments.st, "segmented_control", lambda *_, sent=sent, **__: sent)
        assert segments.choose("Order", ["a", "b"], default="b") == chosen


def test_every_page_uses_the_segmented_control_that_cannot_be_deselected() -> None:
    pages = (HOME / "sentiment/app").rglob("*.py")
    assert [page.name for page in pages if "segmented_control(" in page.read_text(encoding="utf-8")] == ["segments.py"]

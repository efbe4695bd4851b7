"""The page Analyse a review and the first page: what they say after a change, and what they refuse."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.proto.Common_pb2 import FileURLs
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec
from streamlit.testing.v1 import AppTest

from dev.serving import serve
from dev.visitor import VisitError, Visitor
from sentiment import budget
from sentiment.app.review import history, what_if
from sentiment.app.shared import analyses, navigation, review_texts, wording
from sentiment.app.shared.examples import EXAMPLES
from sentiment.app.shared.uploads import escape_markdown
from sentiment.artifacts import ArtifactError
from sentiment.explain.grouping import group
from sentiment.explain.json_file import to_json
from sentiment.explain.prediction_text import headline, probability_sentence
from sentiment.explain.reasons import reasons
from sentiment.model.classifier import Classifier
from sentiment.model.decision import DecisionRule
from tests.app_runs import all_runs, full_run
from tests.review_page import analyse, card, editor, ranking
from tests.test_app_pages import delete_all, said, tick

HOME = Path(__file__).parent.parent
FORGED = ("", ".", "..", "../outside", "tiny/../../outside", "./tiny", "tiny/", "/etc", "TINY", "tiny\0", "x" * 5_000)


@pytest.fixture
def app(runs, monkeypatch):
    monkeypatch.setenv("SENTIMENT_RUNS", str(runs))
    return open_app()


def open_app(page: str = "review", **query: str) -> AppTest:
    def script(page):
        import importlib

        from sentiment.app.shared import current_run

        current_run.choose_run()
        importlib.import_module(f"sentiment.app.{page}.page").page()

    app = AppTest.from_function(script, args=(page,), default_timeout=30)
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def press(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception


# The text and its verdict


@pytest.mark.parametrize("along", ["true", "false"])
def test_an_address_sets_the_level_and_the_curve_of_the_first_view(runs, monkeypatch, along):
    monkeypatch.setenv("SENTIMENT_RUNS", str(runs))
    by_sentence = editor(open_app(level="Sentences", along=along))
    assert len(by_sentence["spans"]) < len(editor(open_app())["spans"])
    assert (by_sentence["curve"] is not None) is (along == "true")


def test_a_verdict_next_to_a_changed_text_is_marked_and_its_example_unselected(app):
    analyse(app, "another text", "store")
    assert card(app)["changed"]
    assert editor(app)["text"] == "another text"
    assert editor(app)["analysed"] == EXAMPLES["Glowing"]
    assert app.session_state["example"] is None
    analyse(app, "another text")
    assert not card(app)["changed"]


def test_the_mark_goes_when_the_text_is_changed_back(app):
    analyse(app, "another text", "store")
    analyse(app, EXAMPLES["Glowing"], "store")
    assert not card(app)["changed"]
    assert app.session_state["example"] == "Glowing"


def test_other_line_ends_do_not_change_the_text(app):
    analyse(app, "the film\r\nis good\r")
    analyse(app, "the film\nis good\n", "store")
    assert not card(app)["changed"]
    assert editor(app)["analysed"] == card(app)["text"] == "the film\nis good\n"


@pytest.mark.parametrize("text", ["", "\n \t"])
def test_a_text_without_a_word_is_answered_but_not_kept(app, text):
    before = list(app.session_state["analyses"])
    analyse(app, text)
    assert "No text to analyse" in said(app)
    assert app.session_state["analyses"] == before
    delete_all(app)
    analyse(app, text)
    assert "No text to analyse" in said(app)


def test_dropping_the_only_word_leaves_nothing_to_judge(app):
    analyse(app, "good")
    app.session_state["reasons_view"] = "What if?"
    app.run()
    press(app, "Apply")
    assert card(app)["headline"] == "No text to analyse"
    assert card(app)["before"]["text"].startswith("Before:")
    assert card(app)["probability"] is None


def test_a_text_longer_than_allowed_is_refused_in_a_sentence_and_not_kept(app):
    long = "good " * (budget.TEXT_CHARACTERS // 5) + "!"
    analyse(app, long)
    assert [error.value for error in app.error] == [analyses.TOO_LONG]
    assert "Score a file" in analyses.TOO_LONG
    assert app.session_state["review_text"] == EXAMPLES["Glowing"]
    assert all(each.text != long for each in app.session_state["analyses"])
    assert long not in str(app.session_state._state.filtered_state)
    analyse(app, long, "store")
    assert [error.value for error in app.error] == [analyses.TOO_LONG]
    analyse(app, long[: budget.TEXT_CHARACTERS])
    assert not app.error
    assert app.session_state["analyses"][-1].text == long[: budget.TEXT_CHARACTERS]


@pytest.mark.process
def test_twenty_megabytes_of_text_are_refused_within_seconds(runs, tmp_path):
    with serve(runs, tmp_path / "log") as address, Visitor(address) as visitor:
        visitor.analyse("<" * 20_000_000)
        with pytest.raises(VisitError, match="200,000 characters at most"):
            visitor.wait(seconds=20)
        assert "<<<" not in (tmp_path / "log").read_text(encoding="utf-8")


def test_neither_another_page_nor_a_changed_version_brings_a_longer_text(monkeypatch):
    state = {}
    monkeypatch.setattr(analyses.st, "session_state", state)
    analyses.show("x" * (budget.TEXT_CHARACTERS + 1))
    assert state == {}
    captions = []
    monkeypatch.setattr(review_texts.st, "caption", captions.append)
    monkeypatch.setattr(review_texts.st, "button", lambda *_, **__: pytest.fail("it is offered"))
    review_texts.show_open_button("x" * (budget.TEXT_CHARACTERS + 1), "table")
    assert "200,000 characters" in captions[0]


def test_a_long_replacement_is_refused_in_a_sentence(monkeypatch):
    state = {}
    monkeypatch.setattr(what_if.st, "session_state", state)
    what_if._change(SimpleNamespace(number=1), {0: "x" * 201})
    assert "200 characters" in state["what_if_note"]
    assert "what_if" not in state


def saved_file(content: str) -> UploadedFile:
    return UploadedFile(UploadedFileRec("id", "saved.json", "application/json", content.encode()), FileURLs())


def test_a_saved_explanation_that_the_page_cannot_show_is_refused(runs):
    explanation = Classifier.load(runs / "tiny").explain("the film is good")
    assert history._read_file(saved_file(to_json(explanation))).text == explanation.text
    long = replace(explanation, text=explanation.text + " " * budget.TEXT_CHARACTERS)
    for content, sentence in (
        (to_json(long), "characters at most"),
        (to_json(replace(explanation, run="r" * 300)), "name of its model"),
        (to_json(explanation) + " " * 4_000_000, "4 MB at most"),
        (to_json(replace(explanation, text=explanation.text + "\ud800")), "not valid Unicode"),
        (to_json(replace(explanation, run="\ud800")), "not valid Unicode"),
    ):
        with pytest.raises(ValueError, match=sentence):
            history._read_file(saved_file(content))


# The list of analyses


def test_deleting_everything_is_asked_for_once(app):
    analyse(app, "the film is good")
    tick(app)
    assert [each.label for each in app.button if "elete" in each.label] == ["Delete now"]
    assert "all 2 analyses" in said(app)
    press(app, "Delete now")
    assert app.session_state["analyses"] == []


def test_reopening_shows_the_analysis_as_it_was_and_leaves_the_chosen_model(app):
    analyse(app, "the film is good")
    app.selectbox(key="run").select("other").run()
    tick(app, 2)
    press(app, "Open #2")
    assert app.session_state["run"] == "other"
    assert "read · tiny" in said(app)
    assert "Made with tiny" in said(app)
    assert "What if?" in [tab.label for tab in app.tabs]
    press(app, "Analyse with other")
    assert "Made with" not in said(app)
    assert app.session_state["analyses"][-1].run == "other"


def test_an_error_of_a_saved_file_is_inside_the_popover(app):
    tick(app)
    app.file_uploader[0].upload("saved.json", b'{"a": 1}').run()
    assert [each.type for each in inside(app.main, "popover") if each.type == "error"] == ["error"]
    assert len(app.error) == 1


def inside(block, kind: str, within: bool = False):
    """Yields all elements inside blocks of a kind."""
    for child in getattr(block, "children", {}).values():
        if within:
            yield child
        yield from inside(child, kind, within or child.type == kind)


# Words


def test_a_single_item_is_in_the_singular(app):
    analyse(app, "good")
    assert "1 word read" in said(app)
    assert wording.words(1_200) == "1,200 words"
    assert wording.unlisted_negations(1, more=False).startswith("1 negation is not listed")
    assert wording.unlisted_negations(3, more=True).startswith("3 more negations are not listed")
    assert "1 words" not in said(app)


def test_page_saved_file_and_notebook_have_the_same_words_for_a_verdict(runs):
    from sentiment.explain.html_file import to_fragment, to_html

    explanation = Classifier.load(runs / "tiny").explain("the film is good")
    for logit, status in ((4.0, "ok"), (1.5, "ok"), (0.1, "ok"), (-3.0, "truncated"), (4.0, "mostly_unknown")):
        other = replace(explanation, prediction=DecisionRule().predict(logit, status, 4, 4, 0.0))
        for page in (to_html(other), to_fragment(other)):
            assert f"<h2>{headline(other.prediction)}</h2>" in page
            assert probability_sentence(other.prediction) in page


def test_reasons_write_words_as_the_text_does(runs):
    classifier = Classifier.load(runs / "tiny")
    for text in ("GOOD film", "Not Great", "The film is Dull"):
        explanation = classifier.explain(text)
        named = re.findall("“(.+?)”", reasons(explanation))
        written = {text[each.start : each.end] for each in group(explanation, "word")}
        assert named
        assert set(named) <= written


def test_a_negation_that_changes_little_is_not_reported_as_missing(app):
    app.session_state["reasons_view"] = "Negation"
    for text, sentence in (
        ("the film is not a zebra", "1 negation is not listed"),
        ("not a zebra , not a yak", "2 negations are not listed"),
        ("not zebra", "1 negation is not listed"),
        ("the film is good", "no negated words"),
    ):
        analyse(app, text)
        assert sentence in said(app), text


def test_a_text_that_moves_nothing_is_shown_without_empty_tables(app):
    analyse(app, "とても面白い映画でした。")
    assert "Nothing in this text moves the score." in said(app)
    assert not ranking(app)


def test_top_words_are_listed_by_side_with_the_strongest_first(app):
    analyse(app, "not a good film . a bad bad film !")
    [shown] = ranking(app)
    for side, sign in zip(shown["sides"], "+−", strict=True):
        sizes = [size for _, size, _ in side["rows"]]
        assert sizes == sorted(sizes, reverse=True)
        assert 0 < max(sizes) <= shown["scale"]
        assert all(value.startswith(sign) for _, _, value in side["rows"])
    listed = [text for side in shown["sides"] for text, _, _ in side["rows"]]
    assert {"good", "bad"} <= {*listed}


def test_the_share_of_unknown_words_fits_the_headline():
    [sentence] = wording.caveats(DecisionRule().predict(1.0, "mostly_unknown", 8, 8, 0.5))
    assert sentence == "50% of the words are not in the model's vocabulary."


# Names from outside


@pytest.mark.parametrize(
    "name",
    ["www.evil.example.csv", "WWW.evil.example", "user@evil.example", "https://evil.example/a", "HTTP://evil.example"],
)
def test_an_address_in_a_name_is_not_a_link(name):
    shown = re.sub(r"\\(.)", r"\1", escape_markdown(f"a {name} b"))
    found = r"(https?://|www(?=\.))([-.\w]+)|([-.\w+]+)@([-\w]+(?:\.[-\w]+)+)"  # as the browser's part looks for them
    assert re.search(found, f"a {name} b", re.IGNORECASE)
    assert not re.search(found, shown, re.IGNORECASE)
    assert shown.replace("\u2060", "") == f"a {name} b"


# The choice of the model


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_name_of_a_run_opens_no_folder(tmp_path, monkeypatch, name):
    from sentiment.app.shared import current_run

    root = all_runs(tmp_path / "runs")
    full_run(tmp_path / "outside")
    monkeypatch.setenv("SENTIMENT_RUNS", str(root))
    monkeypatch.setattr(current_run.st, "session_state", {"run": name})
    with pytest.raises(ArtifactError, match="chosen model isn't available"):
        current_run.location()


@pytest.mark.parametrize("name", ["", "../outside", "tiny\0", "x" * 5_000])
def test_a_link_with_a_forged_name_shows_the_default_run(runs, monkeypatch, name):
    monkeypatch.setenv("SENTIMENT_RUNS", str(runs))
    app = open_app(run=name)
    assert not app.exception
    assert [each.run for each in app.session_state["analyses"]] == ["tiny"]


@pytest.mark.parametrize(
    ("page", "name"),
    [("evaluation", "tinny"), ("model_card", "tinny")]
    + [("review", name) for name in ("tinny", "tiny ", "young", "..", "", "tiny/x")],
)
def test_a_wrong_default_is_reported_and_no_other_run_takes_its_place(tmp_path, monkeypatch, page, name):
    root = all_runs(tmp_path / "runs")
    (root / "default").write_text(name, encoding="utf-8")
    monkeypatch.setenv("SENTIMENT_RUNS", str(root))
    app = open_app(page)
    assert not app.exception
    if name.strip() == "tiny":
        assert not app.error
        return
    [error] = app.error
    assert "default" in error.value
    assert "analyses" not in app.session_state
    app.selectbox(key="run").select("other").run()
    assert not app.error
    assert not app.exception


# The front door


def test_other_spellings_of_an_address_belong_to_the_page():
    known = {path: entry.module for entry in navigation.ENTRIES for path in navigation._aliases(entry)}
    for entry in navigation.ENTRIES[1:]:
        assert known[entry.module.title().replace("_", "-")] == entry.module
    for path in ("review", "Review", "analyse", "Analyse", "analyze", "analyse-a-review"):
        assert known[path] == "review"
    for path in ("batch", "Batch", "score-a-file", "Score-a-file", "score_a_file"):
        assert known[path] == "bulk"
    for path in ("model_card", "modelcard", "Model-card", "Model_Card", "Model-Card"):
        assert known[path] == "model_card"
    assert not known.keys() & {navigation._url_path(entry) for entry in navigation.ENTRIES}


def test_the_settings_keep_the_app_to_this_machine_and_errors_to_the_page():
    settings = tomllib.loads((HOME / ".streamlit/config.toml").read_text(encoding="utf-8"))
    assert settings["server"]["address"] == "127.0.0.1"
    assert settings["client"]["showErrorLinks"] is False
    assert settings["client"]["allowedOrigins"] == []


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), OSError(30, "Read-only file system")])
def test_a_disk_that_takes_nothing_is_reported_on_the_dataset_page(monkeypatch, error):
    from sentiment.app.dataset import own_data

    def fail(*_, **__):
        raise error

    state = {"own_data_uploads": 0}
    monkeypatch.setattr(own_data.st, "session_state", state)
    monkeypatch.setattr(own_data.tempfile, "TemporaryDirectory", fail)
    own_data._describe_in_turn(saved_file(json.dumps({})), [], 100)
    assert "the server cannot store it" in state["own_data_problem"]
    assert not own_data._LOCK.locked()

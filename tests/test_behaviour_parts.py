"""``behaviour.json`` as a part of a run: written by evaluate.py, verified, and shown on the model card and the page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from sentiment import model_card
from sentiment.app.evaluation import checklist
from sentiment.app.shared.uploads import escape_markdown
from sentiment.artifacts import ArtifactError, Run, add_parts, open_run
from sentiment.behaviour import report, robustness
from sentiment.behaviour.card import PART
from sentiment.model.decision import DecisionRule
from tests.app_runs import full_run
from tests.command import Done, run_script
from tests.tiny import tiny_run

POSITIVE = DecisionRule().predict(3.0, "ok", 5, 5, 0.0)


@pytest.fixture(scope="module")
def found() -> dict:
    """The report on a model that confidently predicts positive for every text."""
    return report.run_tests(lambda texts: [POSITIVE] * len(texts))


@pytest.fixture(scope="module")
def found_with_writing(found: dict) -> dict:
    reviews = [f"We didn't see part {i} of the film." for i in range(5)]
    return {**found, "writing": robustness.measure(lambda texts: [POSITIVE] * len(texts), reviews)}


@pytest.fixture
def untested(tmp_path: Path) -> Path:
    """A run without the part."""
    return tiny_run(tmp_path / "tiny")


@pytest.fixture
def tested(untested: Path, found: dict) -> Run:
    """A run with the part."""
    return add_parts(open_run(untested), {PART: found})


@pytest.fixture
def full(tmp_path: Path, found: dict) -> Run:
    """A run with the part and all that the page Evaluation needs."""
    return add_parts(open_run(full_run(tmp_path / "runs" / "full")), {PART: found})


def evaluate(*options: object) -> Done:
    return run_script("evaluate.py", *options)


def page(monkeypatch: pytest.MonkeyPatch, run: Run, suite: str = "CheckList") -> AppTest:
    """The tab Robustness of the page Evaluation, with one of its suites."""

    def script() -> None:
        from sentiment.app.evaluation import page as evaluation

        evaluation.page()

    (run.path.parent / "default").write_text(run.name)
    monkeypatch.setenv("SENTIMENT_RUNS", str(run.path.parent))
    app = AppTest.from_function(script, default_timeout=30)
    app.query_params["tab"], app.query_params["suite"] = "Robustness", suite
    return app.run()


def test_the_behavioural_tests_need_no_data_and_change_no_other_part(untested: Path, tmp_path: Path) -> None:
    before = open_run(untested).manifest["files"]
    done = evaluate("--behaviour", "--artifacts", untested, "--json", tmp_path / "out.json")
    assert done.status == 0, done.stderr
    assert "negation" in done.stdout
    assert "Changes of writing are not tried" in done.stderr
    after = open_run(untested)
    assert {name: after.manifest["files"][name] for name in before} == before
    assert set(after.manifest["files"]) - set(before) == {PART, "README.md"}
    kept = after.json(PART)
    assert sum(row["cases"] for row in kept["kinds"]) >= 2000
    assert json.loads((tmp_path / "out.json").read_text()) == {"runs": [{"run": "tiny", "behaviour": kept}]}


def test_a_run_has_the_same_report_every_time(untested: Path) -> None:
    evaluate("--behaviour", "--artifacts", untested)
    first = open_run(untested).json(PART)
    evaluate("--behaviour", "--artifacts", untested)
    assert {**open_run(untested).json(PART), "date": ""} == {**first, "date": ""}


@pytest.mark.parametrize("options", [(), ("--explanations", "--behaviour"), ("--compare", "x", "--behaviour")])
def test_without_data_only_the_behavioural_tests_can_be_run(options: tuple[str, ...], untested: Path) -> None:
    done = evaluate("--artifacts", untested, *options)
    assert done.status == 2
    assert "--data" in done.stderr.splitlines()[-1]
    assert not open_run(untested).has(PART)


def test_a_comparison_of_runs_together_with_anything_else_is_refused_at_once(untested: Path) -> None:
    done = evaluate("--data", "nowhere.csv", "--artifacts", untested, "--compare", untested, "--behaviour")
    assert done.status == 2
    assert "only compares" in done.stderr.splitlines()[-1]


def damage(run: Run) -> None:
    path = run.path / PART
    path.write_text(path.read_text().replace('"failures": 0', '"failures": 1', 1))


def test_a_damaged_part_is_refused_by_the_card(tested: Run) -> None:
    damage(tested)
    with pytest.raises(ArtifactError, match=r"behaviour\.json doesn't match its checksum"):
        model_card.render(tested)


def test_a_damaged_part_is_refused_by_the_page(full: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    damage(full)
    app = page(monkeypatch, full)
    assert not app.exception
    assert any("behaviour.json doesn't match its checksum" in error.value.replace("\\", "") for error in app.error)


def test_the_card_has_every_rate_and_every_domain(tested: Run, found: dict) -> None:
    card = model_card.render(tested)
    for row in found["capabilities"]:
        counts = f"{row['templates']} | {row['cases']:,} | {100 * row['rate']:.1f}%"
        assert f"| {report.KINDS[row['kind']]} | {report.capability_name(row['capability'])} | {counts} |" in card
    for row in found["domains"]:
        assert f"| {row['domain']} | {row['n']} | {100 * row['accuracy']:.1f}% |" in card
    assert "INV at most 5%, negation at most 15%" in card
    assert "Only movie reviews in English, and short sentences on other topics, were tested." in card


def test_the_card_has_every_change_of_writing_that_was_tested(tested: Run, found_with_writing: dict) -> None:
    assert "Robustness to typing and encoding" not in model_card.render(tested)
    card = model_card.render(add_parts(tested, {PART: found_with_writing}))
    assert 'The sample is 5 sentences with a negation such as\n"don\'t" (5 of them' in card
    for row in found_with_writing["writing"]["changes"]:
        assert f"| `` {row['change']} `` | 0.0% | 0.0 to 43.4% | 0.0% | 0.0% | 0.0 to 43.4% | 0.0% |" in card


def test_the_page_shows_every_change_of_writing_that_was_tested(
    full: Run, found_with_writing: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = page(monkeypatch, add_parts(full, {PART: found_with_writing}), "Writing")
    assert not app.exception
    shown = app.dataframe[0].value
    assert "apostrophe as U+FF07 (full width)" in shown["change"].tolist()
    assert len(shown) == len(found_with_writing["writing"]["changes"])
    assert any(
        f"{len(shown)} of {len(shown)} changes flipped no predicted label" in each.value for each in app.markdown
    )
    assert shown["sentences_flips"].tolist() == [0.0] * len(shown)
    assert any("Tested on 5 negated sentences" in caption.value for caption in app.caption)


def test_the_terminal_has_a_line_for_every_change_of_writing(found: dict, found_with_writing: dict) -> None:
    more = list(report.lines(found_with_writing))[len(list(report.lines(found))) :]
    assert len(more) == len(found_with_writing["writing"]["changes"])
    assert "sentences: 0.0% flip (0.0 to 43.4%), 0.0% no longer confident; reviews:" in more[0]


def test_the_card_of_an_untested_run_says_what_was_not_tested(untested: Path) -> None:
    card = model_card.render(open_run(untested))
    assert "## Behavioural tests" not in card
    assert "Only movie reviews in English were tested." in card


def test_a_card_without_vader_does_not_mention_it(tested: Run, found: dict) -> None:
    silent = {**found, "vader": None, "domains": [{**row, "vader": None} for row in found["domains"]]}
    card = model_card.render(add_parts(tested, {PART: silent}))
    assert "Hutto" not in card
    assert "| all |" in card


def test_the_page_shows_rates_failing_cases_and_domains(
    full: Run, found: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = page(monkeypatch, full)
    assert not app.exception
    shown = {metric.label: metric.value for metric in app.metric}
    for kind, row in report.totals(found):
        assert shown[checklist._TITLES[kind]] == f"{100 * row['rate']:.1f}% failed"
    rates, failing = app.dataframe[0].value, app.table[0].value
    for row in found["capabilities"]:
        name = report.capability_name(row["capability"])
        [rate] = rates.loc[rates["capability"] == name, row["kind"]]
        assert rate == pytest.approx(100 * row["rate"])
    assert rates["cases"].sum() == sum(row["cases"] for row in found["capabilities"])
    assert len(failing) > 0
    domains = page(monkeypatch, full, "Other domains").dataframe[0].value
    assert domains["domain"].tolist() == [row["domain"] for row in found["domains"]]
    assert domains["accuracy"].tolist() == pytest.approx([100 * row["accuracy"] for row in found["domains"]])
    assert domains["overconfident"].tolist() == [100.0] * len(domains)  # the model is confident of every text


def test_the_failing_cases_are_those_of_the_chosen_capability(full: Run, found: dict, monkeypatch) -> None:
    app = page(monkeypatch, full)
    app.selectbox(key="capability").select("negation").run()
    assert not app.exception
    rows = [row for row in found["behaviours"] if row["capability"] == "negation"]
    texts = [" **→** ".join(map(escape_markdown, e["texts"])) for row in rows for e in row["examples"]]
    assert texts
    failing = app.table[0].value
    assert failing["Text"].tolist() == texts
    assert set(failing["Expected"]) <= {"positive", "negative", "same label", "P rises", "P falls"}


def test_the_page_of_an_untested_run_says_how_to_test_it(tmp_path: Path, monkeypatch) -> None:
    app = page(monkeypatch, open_run(full_run(tmp_path / "runs" / "untested")))
    assert not app.exception
    assert "scripts/evaluate.py --behaviour" in app.info[0].value


def test_a_model_that_fails_nothing_is_shown_without_failing_cases(full: Run, found: dict, monkeypatch) -> None:
    perfect = {**found, "behaviours": [{**row, "examples": []} for row in found["behaviours"]]}
    app = page(monkeypatch, add_parts(full, {PART: perfect}))
    assert not app.exception
    assert not any(box.key == "capability" for box in app.selectbox)
    assert [next(iter(table.value)) for table in app.dataframe] == ["capability"]

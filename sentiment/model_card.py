"""Builds the model card of a run (Mitchell et al. 2019) from the run's files and the annotations of single reviews.

Sections without data are left out. The card is written after training and again after each evaluation.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import pandas as pd

from sentiment import adaptation_card, front_matter
from sentiment.artifacts import Run, add_parts, topic
from sentiment.behaviour import card as behaviour
from sentiment.evaluation import review_notes
from sentiment.evaluation.metrics import BALANCED, BINS, Confusion
from sentiment.evaluation.predictions import calibration_by_length
from sentiment.evaluation.provenance import is_imdb, training_fingerprints
from sentiment.evaluation.states import PART
from sentiment.faithfulness import card as explanations
from sentiment.formatting import (
    calibration_table,
    confidence_table,
    duration,
    interval,
    percent,
    signed,
    slices_table,
    table,
)
from sentiment.model.decision import read_rule

_FILM_SUMMARY = "An LSTM that predicts whether an English movie review is positive or negative."

_IMDB_TERMS = (
    "The model was trained on reviews from Stanford's Large Movie Review Dataset, which is offered for research use "
    "with citation. These terms are "
    "separate from the code licence; include them when you redistribute the model."
)
NO_TEST_RESULTS = (
    "There are no test results yet. The validation set was also used for calibration and, depending on the preset, for "
    "early stopping, so its metrics are optimistic."
)
CITATION = (
    "Andrew L. Maas, Raymond E. Daly, Peter T. Pham, Dan Huang, Andrew Y. Ng and Christopher Potts. 2011. Learning "
    "Word Vectors for Sentiment Analysis. In *Proceedings of the 49th Annual Meeting of the Association for "
    "Computational Linguistics: Human Language Technologies*, pages 142–150."
)
_KERAS = """\
## Use in Keras

From text to probability:

```python
import keras
{layers}from sentiment import Classifier

classifier = Classifier.load({folder})  # the folder of this card
network = keras.models.load_model(classifier.run / "model.keras")
text = "A joy from the first frame to the last."
ids, _ = classifier.preprocessor.ids(text)  # in a batch, pad shorter texts with 0 at the end
[[probability]] = network.predict(ids[None], verbose=0)
[prediction] = classifier.predict([text])
print(probability, prediction.probability)
```

The two probabilities differ by the calibration in `config.json`, which is not part of the network. `prediction.logit`
is the logit before calibration."""

_LAYERS = "import sentiment.training  # registers the layers of model.keras\n"

_OWN_TERMS = "The terms of use are those of the training data."

_METRICS = {
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
    "auc": "ROC AUC",
    "average_precision": "Average precision",
    "log_loss": "Log loss",
    "brier": "Brier score",
    "calibration_error": "ECE",
}
_REMOVED = {
    "empty": "without text",
    "unmatched": "not in the official release",
    "repeats": "duplicates in train",
    "contradicting": "of these with contradicting labels",
    "train_in_test": "training reviews that are also in test",
    "unlabelled_in_test": "unlabelled reviews that are also in test",
    "excluded": "held out on request",
    "unreadable": "unreadable",
    "missing_label": "without a label",
    "neutral": "neither positive nor negative",
    "unknown_label": "with an unknown label",
}


class Use(NamedTuple):
    """The intended uses of a model and its limitations: short texts in Markdown, each with its subject in bold."""

    intended: list[str]
    unsuitable: list[str]


def write(run: Run) -> Run:
    """Writes the card as the run's ``README.md``, records its hash, and returns the updated run."""
    return add_parts(run, {"README.md": render(run).encode()})


def is_current(run: Run) -> bool:
    """Returns whether the run's ``README.md`` agrees with the run's other files."""
    return run.manifest["files"].get("README.md") == hashlib.sha256(render(run).encode()).hexdigest()


def render(run: Run) -> str:
    """Returns the card in Markdown.

    Raises:
        ArtifactError: a file of the run is damaged.
    """
    metadata = run.json("metadata.json") if run.has("metadata.json") else None
    parts = [_introduction(run, metadata), _use(run), *adaptation_card.sections(run)]
    parts += [*_results(run), *behaviour.sections(run)]
    parts += explanations.sections(run)
    if metadata:
        parts += [_training(metadata), _data(run, metadata["data"])]
    parts.append(_files(run))
    if run.has("model.keras"):
        own_layers = run.json("config.json").get("model", {}).get("bidirectional", True)
        parts.append(_KERAS.format(layers=_LAYERS if own_layers else "", folder=json.dumps(f"artifacts/{run.name}")))
    return front_matter.render(run, imdb=trained_on_imdb(run)) + "\n" + "\n\n".join(parts) + "\n"


def trained_on_imdb(run: Run) -> bool:
    """Returns whether the run learned from the IMDB reviews, whose terms of use then apply."""
    return is_imdb(training_fingerprints(run)) or adaptation_card.read(run).get("parent_on_imdb") is True


def summary(texts: str | None) -> str:
    """Returns the task of a model in a sentence; ``texts`` is its ``topic``."""
    if texts is None:
        return _FILM_SUMMARY
    return f"An LSTM that predicts whether a text is positive or negative. Labelled data: {texts}."


def use(run: Run) -> Use:
    """Returns the intended use of a run and its limitations."""
    texts = topic(run)
    tested = results(run).get("test")
    sure = next((e["accuracy"] for e in tested["confidence"] if e["level"] == "confident"), None) if tested else None
    rate = "" if sure is None else f" On the test set, {percent(sure)} of the confident predictions are correct."
    kind, one, rated = "Movie reviews in English", "review", " The training reviews have 1 to 4 or 7 to 10 stars."
    others, tested_texts = "Other topics or languages", "movie reviews in English"
    if run.has(behaviour.PART):
        tested_texts += ", and short sentences on other topics,"
    misleading = "Irony, quotations and sad plots"
    if texts is not None:
        kind, one, rated = f"Texts like its labelled data: {texts}", "text", ""
        others, tested_texts = "Other texts", "texts like its labelled data"
        misleading = "Irony and quotations"
    length = run.json("config.json")["max_length"]
    return Use(
        [
            f"**{kind}.** Each whole {one} is classified as positive or negative.",
            f"**Many {one}s at once.** Each prediction has a calibrated probability.{rate}",
            "**Explanations.** They show how much each word adds to the score.",
        ],
        [
            f"**Neutral texts.** There is no neutral class.{rated}",
            f"**{others}.** Only {tested_texts} were tested.",
            f"**Implied opinions.** {misleading} can mislead the model.",
            f"**Very long texts.** Only the first {length:,} tokens are used.",
            "**Decisions about people**, or claims about an author.",
        ],
    )


def results(run: Run) -> dict[str, dict[str, Any]]:
    """Returns the metrics of each evaluated split, the test first, as ``evaluation.predictions.summary`` gives them."""
    test = {"test": run.json("test.json")["test"]} if run.has("test.json") else {}
    trained = run.json("metrics.json") if run.has("metrics.json") else {}
    return {**test, **dict(reversed(trained.items()))}


def metric_rows(results: dict[str, dict[str, Any]]) -> list[list[str]]:
    """Returns a row for each metric: its name, then its value in each split.

    If the classes are clearly imbalanced, accuracy is misleading, so class counts and metrics for imbalanced data are
    added.
    """
    rows = [
        ["n", *(f"{each['n']:,}" for each in results.values())],
        ["Accuracy", *(percent(each["accuracy"]) for each in results.values())],
        ["95% CI", *(interval(each["accuracy_interval"]) for each in results.values())],
    ]
    for key, name in _METRICS.items():
        values = (each[key] for each in results.values())
        shown = "{:.2%}".format if key == "calibration_error" else "{:.3f}".format
        rows.append([name, *("" if value is None else shown(value) for value in values)])
    tables = [Confusion(**each["confusion"]) for each in results.values()]
    if any(each.majority > BALANCED for each in tables):
        rows[1:1] = [["Positive", *(f"{each.tp + each.fn:,}" for each in tables)]]
        rows[1:1] = [["Negative", *(f"{each.tn + each.fp:,}" for each in tables)]]
        rows += [
            ["Majority baseline", *(percent(each.majority) for each in tables)],
            ["Recall, negative", *(f"{each.specificity:.3f}" for each in tables)],
            ["Balanced accuracy", *(percent(each.balanced_accuracy) for each in tables)],
            ["MCC", *(f"{each.mcc:.3f}" for each in tables)],
        ]
    return rows


def data_rows(source: dict[str, Any]) -> list[list[str]]:
    """Returns rows on the training data: name and value."""
    removed = [f"{n:,} {_REMOVED.get(why, why)}" for why, n in source["removed"].items() if n]
    rows = [
        ["Format", source["form"]],
        ["Split", source["split"]],
        ["Validation", source["validation"]],
        ["Excluded", "; ".join(removed) or "nothing"],
        ["SHA-256", source["sha256"]],
    ]
    if source["limit"] is not None:
        rows.append(["Limit", f"about {source['limit']:,} training reviews"])
    return rows


def terms(imdb: bool) -> str:
    """Returns the terms of use of the training data."""
    return _IMDB_TERMS if imdb else _OWN_TERMS


def circumstances(metadata: dict[str, Any]) -> str:
    """Returns date, duration, machine and versions of a training as one paragraph."""
    machine = f"{metadata['machine']['processor']}, {metadata['machine']['cores']} cores"
    versions = ", ".join(f"{name} {version}" for name, version in metadata["versions"].items())
    note = f" {metadata['note']}" if "note" in metadata else ""  # a remark beyond the other metadata
    return f"Trained on {metadata['date']} in {duration(metadata['training_seconds'])} on {machine}; {versions}.{note}"


def _introduction(run: Run, metadata: dict[str, Any] | None) -> str:
    recipe = f"\n\nRecipe: {metadata['summary']}." if metadata else ""
    return f"# Model card: {run.name}\n\n{summary(topic(run))}{recipe}"


def _use(run: Run) -> str:
    intended, unsuitable = ("\n".join(f"- {each}" for each in part) for part in use(run))
    return f"## Intended use and limitations\n\nIntended use:\n\n{intended}\n\nLimitations:\n\n{unsuitable}"


def _results(run: Run) -> Iterator[str]:
    found = results(run)
    if not found:
        return
    yield f"## Metrics\n\n{table(['Metric', *found], metric_rows(found))}"
    if "cross-validation" in found:
        yield (
            "One class has few reviews, so the metrics of a single split are unreliable. The column “cross-validation” "
            "is of five-fold cross-validation."
        )
    name = "test" if "test" in found else "validation"
    if name == "test":
        yield f"Test set evaluated on {run.json('test.json')['date']}."
    else:
        yield (
            "These metrics are cross-validated: each text was scored by a model that was fitted without it."
            if adaptation_card.read(run).get("method") == "head"
            else NO_TEST_RESULTS
        )
    yield f"### Confidence levels\n\nOn the {name} set:"
    yield confidence_table(found[name], read_rule(run).threshold)
    yield from decision_notes(run)
    if (run.json("config.json").get("calibration") or {}).get("gain") is not None:
        yield (
            "Without `--balanced`, the bias is used only if it lowers the log loss by more than two standard errors."
        )
    yield f"### Accuracy by slice\n\nOn the {name} set:\n\n{slices_table(found[name])}"
    if run.has("test_predictions.parquet"):
        yield f"### Calibration by length\n\n{_calibration(run)}"
    mistakes = review_notes.confident_test_mistakes(run)
    if mistakes is not None and mistakes["cause"].notna().any():
        yield f"### Causes of high-confidence errors\n\n{_causes(mistakes)}"


def decision_notes(run: Run) -> Iterator[str]:
    """Yields a paragraph on each of these that applies: bias, a doubt, the choice of the bias, and the threshold."""
    rule, decided = read_rule(run), run.json("config.json").get("calibration")
    if rule.bias:
        yield (
            f"Calibration: a bias of {signed(rule.bias, 3)} is added to the logit, and the sum is divided by a "
            f"temperature of {rule.temperature:.3f}."
        )
    if doubt := run.json("config.json").get("doubt"):
        yield f"All predictions are “unsure”, because the evaluation of this model is insufficient: {doubt}."
    if decided and decided["gain"] is not None:
        error, folds = decided["standard_error"], decided["folds"]
        yield (
            f"A bias of {signed(decided['bias'], 3)} changes the log loss on held-out parts of the validation set by "
            f"{signed(-decided['gain'], 5)} (standard error {error:.5f}, {folds}-fold cross-validation)."
        )
    if rule.threshold != 0.5:
        yield (
            f"The decision threshold is a probability of {percent(rule.threshold, 2)}. The certainty of a prediction "
            "rises linearly from 50% at the threshold to 100% at a probability of 0 or 1."
        )


def _calibration(run: Run) -> str:
    predictions = pd.read_parquet(run.file("test_predictions.parquet"))
    bands = calibration_by_length(predictions, read_rule(run))
    return (
        f"Expected calibration error (ECE) on the test set, with {BINS} bins of equal size. ECE is biased upwards "
        "in small samples; the columns “by chance” are for a perfectly calibrated model and the same number of "
        f"reviews.\n\n{calibration_table(bands)}"
    )


def _causes(mistakes: pd.DataFrame) -> str:
    counts = mistakes["cause"].value_counts()
    rows = (
        [f"**{cause}.** {meaning}", counts[cause]] for cause, meaning in review_notes.CAUSES.items() if cause in counts
    )
    return f"{review_notes.extent(mistakes)}\n\n{table(['Main cause', 'Errors'], rows)}"


def _training(metadata: dict[str, Any]) -> str:
    stages = table(["Stage", "Time"], ([each["name"], duration(each["seconds"])] for each in metadata["stages"]))
    commit = f" (commit {metadata['commit']})" if metadata["commit"] else ""
    return (
        f"## Training\n\n{circumstances(metadata)}\n\nReproduce with{commit}:\n\n```\n{metadata['command']}\n```\n\n"
        f"Files outside the repository are named without their folders.\n\n{stages}"
    )


def _data(run: Run, source: dict[str, Any]) -> str:
    imdb = trained_on_imdb(run)
    own = " The terms of the labelled texts also apply." if imdb and topic(run) is not None else ""
    citation = f"\n\n> {CITATION}" if imdb else ""
    return f"## Data and licence\n\n{table(['Data', 'Value'], data_rows(source))}\n\n{terms(imdb)}{own}{citation}"


def _files(run: Run) -> str:
    size = (run.path / "model.onnx").stat().st_size / 1e6
    states = ""
    if run.has(PART):
        megabytes = (run.path / PART).stat().st_size / 1e6
        states = f" `{PART}` ({megabytes:.1f} MB) has the network's pooled states of the validation set, in float16."
    keras = " `model.keras` is the same network for Keras." if run.has("model.keras") else ""
    return (
        f"## Files\n\nThe app runs `model.onnx` ({size:.1f} MB).{keras} "
        f"`manifest.json` has the SHA-256 of every file, which is verified on load.{states}"
    )

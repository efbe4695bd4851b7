"""The model card of a run (Mitchell et al. 2019), from the run's files and the notes on single reviews.

Sections without data are left out, so the card is written after training and again after each evaluation.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pandas as pd

from sentiment import front_matter
from sentiment.artifacts import Run, add_parts
from sentiment.behaviour import card as behaviour
from sentiment.evaluation import review_notes
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
from sentiment.model.decision import KNOWN_WORDS, read_rule

_USE = """\
## What it is for, and what it cannot do

It judges movie reviews in English, each as a whole: positive or negative.

{ratings}- **Other texts.** {others} were not tested. A text of which
  fewer than {known} of the words are known is marked, and never judged with confidence.
- **What is meant but not said.** Irony, quotation and the telling of a sad plot can mislead it.
- **Long texts.** It reads the first {max_length:,} tokens; a longer text is marked as truncated.
- **People.** It says how a text reads, not who wrote it or what should follow from it."""

_IMDB_RATINGS = """\
- **Mixed feelings.** The reviews it learned from have 1 to 4 or 7 to 10 stars, none 5 or 6. A lukewarm review gets a
  verdict all the same: heed its confidence.
"""

_IMDB_TERMS = """\
The reviews are Stanford's Large Movie Review Dataset, offered for research use with citation. These terms are apart
from the licence of the program's code, and whoever passes on the model should pass them on too.

> Andrew L. Maas, Raymond E. Daly, Peter T. Pham, Dan Huang, Andrew Y. Ng and Christopher Potts. 2011. Learning Word
> Vectors for Sentiment Analysis. In *Proceedings of the 49th Annual Meeting of the Association for Computational
> Linguistics: Human Language Technologies*, pages 142-150."""

_KERAS = """\
## In Keras

From text to probability:

```python
import keras
{layers}from sentiment import Classifier

classifier = Classifier.load({folder})  # the folder of this card
network = keras.models.load_model(classifier.run / "model.keras")
text = "A joy from the first frame to the last."
ids, _ = classifier.preprocessor.ids(text)  # in a batch, 0 fills up the shorter texts at the end
[[probability]] = network.predict(ids[None], verbose=0)
[prediction] = classifier.predict([text])
print(probability, prediction.probability)
```

The two differ by the calibration in `config.json`, which is no part of the network; `prediction.logit` is before it."""

_LAYERS = "import sentiment.training  # has the layers that model.keras names\n"

_OWN_TERMS = "The terms of use are those of the data it was trained on."

_UNTESTED = "Tweets, news, reviews of other goods or in other languages"
_STILL_UNTESTED = "Longer texts about other things than films, and other languages,"

_NAMES = {
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "auc": "area under the ROC curve",
    "average_precision": "average precision",
    "log_loss": "log loss",
    "brier": "Brier score",
    "calibration_error": "calibration error",
}
_REMOVED = {
    "empty": "rows without text",
    "unmatched": "rows the official release does not hold",
    "repeats": "repeats within train",
    "contradicting": "of these with another label than the copy that was kept",
    "train_in_test": "training reviews that are also in test",
    "unlabelled_in_test": "unlabelled reviews that are also in test",
    "excluded": "reviews excluded by hand",
    "unreadable": "unreadable rows",
    "missing_label": "rows without a label",
    "neutral": "rows neither positive nor negative",
    "unknown_label": "rows with a label of unknown meaning",
}


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
    imdb = is_imdb(training_fingerprints(run))
    metadata = run.json("metadata.json") if run.has("metadata.json") else None
    parts = [_introduction(run, metadata), *_results(run), *behaviour.sections(run), *explanations.sections(run)]
    if metadata:
        parts += [_making(metadata), _data(metadata["data"], imdb)]
    use = {
        "ratings": _IMDB_RATINGS if imdb else "",
        "others": _STILL_UNTESTED if run.has(behaviour.PART) else _UNTESTED,
        "known": percent(KNOWN_WORDS, 0),
    }
    parts.append(_USE.format(**use, max_length=run.json("config.json")["max_length"]))
    if run.has("model.keras"):
        own_layers = run.json("config.json").get("model", {}).get("bidirectional", True)
        parts.append(_KERAS.format(layers=_LAYERS if own_layers else "", folder=json.dumps(f"artifacts/{run.name}")))
    return front_matter.render(run, imdb=imdb) + "\n" + "\n\n".join(parts) + "\n"


def _introduction(run: Run, metadata: dict[str, Any] | None) -> str:
    size = (run.path / "model.onnx").stat().st_size / 1e6
    recipe = f"\n\nRecipe: {metadata['summary']}." if metadata else ""
    states = ""
    if run.has(PART):
        megabytes = (run.path / PART).stat().st_size / 1e6
        states = (
            f" `{PART}` ({megabytes:.1f} MB) has the network's pooled states of each validation review, in float16."
        )
    return (
        f"# Model card: {run.name}\n\nAn LSTM that reads an English movie review and says how probable it is that "
        f"the review is positive.{recipe}\n\nThe app runs `model.onnx` ({size:.1f} MB); `model.keras` is the same "
        f"network for Keras. `manifest.json` has the SHA-256 of every file.{states}"
    )


def _results(run: Run) -> Iterator[str]:
    results = dict(run.json("metrics.json")) if run.has("metrics.json") else {}
    if run.has("test.json"):
        results["test"] = run.json("test.json")["test"]
    if not results:
        return
    yield f"## How good it is\n\n{_figures(results)}"
    name = "test" if "test" in results else "validation"
    if name == "test":
        yield f"The test reviews were judged on {run.json('test.json')['date']}."
    else:
        yield "No test reviews have been judged yet. Training chose by the validation reviews, which flatters it."
    yield f"### How sure it is\n\nOn the {name} reviews:\n\n{_confidence(results[name], run)}"
    yield f"### Where it fails\n\nOn the {name} reviews:\n\n{slices_table(results[name])}"
    if run.has("test_predictions.parquet"):
        yield f"### Whether its probabilities hold at every length\n\n{_calibration(run)}"
    mistakes = review_notes.confident_test_mistakes(run)
    if mistakes is not None and mistakes["cause"].notna().any():
        yield f"### Why it errs where it is sure\n\n{_causes(mistakes)}"


def _confidence(results: dict[str, Any], run: Run) -> str:
    rule, decided = read_rule(run), run.json("config.json").get("calibration")
    shown = confidence_table(results, rule.threshold)
    if rule.bias:
        shown += (
            f"\n\nThe calibration adds a bias of {signed(rule.bias, 3)} to the score before it divides by the "
            f"temperature of {rule.temperature:.3f}."
        )
    if decided and decided["gain"] is not None:
        error, folds = decided["standard_error"], decided["folds"]
        shown += (
            f"\n\nA bias of {signed(decided['bias'], 3)} changes the log loss of held-out validation reviews by "
            f"{signed(-decided['gain'], 5)} (standard error {error:.5f} over {folds} folds). It is used only if it "
            "lowers the loss by more than two standard errors."
        )
    if rule.threshold != 0.5:
        shown += (
            f"\n\nA review is called positive from a probability of {percent(rule.threshold, 2)} on. The certainty of "
            "a verdict grows from 50% at this threshold to 100% at a probability of 0 or 1."
        )
    return shown


def _calibration(run: Run) -> str:
    predictions = pd.read_parquet(run.file("test_predictions.parquet"))
    bands = calibration_by_length(predictions, read_rule(run))
    return (
        "On the test reviews, the mean gap between stated and observed, in bins of the same number of reviews. The "
        "fewer reviews, the larger it comes out by chance: beside it, what a model whose every probability is true "
        f"would show.\n\n{calibration_table(bands)}"
    )


def _causes(mistakes: pd.DataFrame) -> str:
    counts = mistakes["cause"].value_counts()
    rows = (
        [f"**{cause}.** {meaning}", counts[cause]] for cause, meaning in review_notes.CAUSES.items() if cause in counts
    )
    return f"{review_notes.extent(mistakes)}\n\n{table(['main cause', 'mistakes'], rows)}"


def _figures(results: dict[str, dict[str, Any]]) -> str:
    rows: list[list[str]] = [
        ["reviews", *(f"{each['n']:,}" for each in results.values())],
        ["accuracy", *(percent(each["accuracy"], 2) for each in results.values())],
        ["95% interval", *(interval(each["accuracy_interval"]) for each in results.values())],
    ]
    for key, name in _NAMES.items():
        values = (each[key] for each in results.values())
        rows.append([name, *("" if value is None else f"{value:.4f}" for value in values)])
    return table(["", *results], rows)


def _making(metadata: dict[str, Any]) -> str:
    stages = table(["stage", "time"], ([each["name"], duration(each["seconds"])] for each in metadata["stages"]))
    machine = f"{metadata['machine']['processor']}, {metadata['machine']['cores']} cores"
    versions = ", ".join(f"{name} {version}" for name, version in metadata["versions"].items())
    commit = f" at commit {metadata['commit']}" if metadata["commit"] else ""
    note = f" {metadata['note']}" if "note" in metadata else ""  # a remark beyond the other metadata
    return (
        f"## How it was made\n\n```\n{metadata['command']}\n```\n\nThis command makes it again{commit}; files from "
        f"outside the repository are named without their folders. Made on {metadata['date']} in "
        f"{duration(metadata['training_seconds'])} on {machine}; {versions}.{note}\n\n{stages}"
    )


def _data(source: dict[str, Any], imdb: bool) -> str:
    removed = [f"{n:,} {_REMOVED[why]}" for why, n in source["removed"].items() if n]
    rows = [
        ["form", source["form"]],
        ["split", source["split"]],
        ["validation", source["validation"]],
        ["left out", "; ".join(removed) or "nothing"],
        ["SHA-256", f"`{source['sha256']}`"],
    ]
    if source["limit"] is not None:
        rows.append(["limit", f"trained on about {source['limit']:,} reviews only"])
    return f"## Data, and its terms of use\n\n{table(['', ''], rows)}\n\n{_IMDB_TERMS if imdb else _OWN_TERMS}"

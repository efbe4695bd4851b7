"""The figures that documents quote, each rendered from a run's folder: ``FIGURES`` has them by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dev.benchmarking import page
from dev.documents import run_records
from sentiment.artifacts import MANIFEST, Run, list_runs, open_run
from sentiment.formatting import accuracy, confidence_table, duration, interval, percent, slices_table, table
from sentiment.model.classifier import Classifier
from sentiment.presets import DISTILLED, Continuation

EXAMPLE = "Not bad, but far too long."

_MEASURES = {  # of a record, by their place in it
    "Test reviews: accuracy": "test.accuracy",
    "Test reviews: share predicted with confidence": "test.confident.share",
    "Test reviews: accuracy of confident predictions": "test.confident.accuracy",
    "Test reviews: calibration error (ECE)": "test.calibration_error",
    "Validation reviews: accuracy": "validation.accuracy",
    "Edited reviews, 1,707 pairs: edited text right": "edited.all.crosses",
    "Edited reviews, 1,707 pairs: both texts right": "edited.all.both",
    "Edited reviews, original in validation: edited text right": "edited.validation.crosses",
    "Edited reviews, original in validation: both texts right": "edited.validation.both",
    "Contrast pairs, held out: texts right": "behaviour.contrast.accuracy",
    "Short sentences of six domains: accuracy": "behaviour.sentences.accuracy",
    "Short sentences: accuracy of confident predictions": "behaviour.sentences_confident.accuracy",
    "Behavioural tests, must be: failures": "behaviour.failures.must be",
    "Behavioural tests, must not change: failures": "behaviour.failures.must not change",
    "Behavioural tests with a negation: failures": "behaviour.failures.negation",
}
_KEY_MEASURES = {  # of a record, by their place in it
    "validation": "validation.accuracy",
    "test": "test.accuracy",
    "edited text right, original in validation": "edited.validation.crosses",
    "sentences": "behaviour.sentences.accuracy",
    "negation fails": "behaviour.failures.negation",
}
_SOURCES = {  # of the examples of a continuation, by the field with their rate
    "turned": "Reviews with opinions replaced by their opposites; the target is the start's prediction, reversed",
    "sayings": "Short texts from templates: idioms, contrast, reported opinion, unreal mood, irony",
    "labelled": "Labelled reviews; the target is a mean of label and the start's prediction",
    "sentences": "Short sentences of reviews; the target is the start's prediction",
    "clauses": "Short clauses of reviews, unchanged and negated",
}


def _test(run: Run) -> dict[str, Any]:
    results: dict[str, Any] = run.json("test.json")["test"]
    return results


def _table(run: Run) -> str:
    """Returns a table of this run and all recorded, tested runs in the same folder, by test accuracy."""
    root = run.path.parent
    others = {
        each["run"] for each in run_records.read(root) if each["test"] and (root / each["run"] / MANIFEST).is_file()
    }
    runs = [open_run(root / name) for name in sorted(others | {run.name})]
    rows = []
    for each in sorted(runs, key=lambda each: _test(each)["accuracy"]):
        results, metadata = _test(each), each.json("metadata.json")
        figures = [percent(results["accuracy"]), interval(results["accuracy_interval"])]
        figures += [f"{results['f1']:.3f}", f"{results['auc']:.3f}", percent(results["calibration_error"])]
        rows.append([f"`{each.name}`", *figures, duration(metadata["training_seconds"])])
    header = ["run", "test accuracy", "95% interval", "F1", "AUC", "calibration error", "training"]
    return _block(table(header, rows))


def _continuation() -> Continuation:
    """Returns the recipe by which the preset ``distilled`` continues an earlier model."""
    assert DISTILLED.continues is not None
    return DISTILLED.continues


def _results(run: Run) -> str:
    """Returns a table of the measures of the recorded runs in this folder, and of the start of ``distilled``."""
    root = run.path.parent
    names = {Path(_continuation().start).name, *(path.name for path in list_runs(root))}
    records = [each for each in run_records.read(root) if each["run"] in names]
    records.sort(key=lambda each: (each["run"] == run.name, each["validation"]["accuracy"]))
    rows = [[name, *(_value(each, path) for each in records)] for name, path in _MEASURES.items()]
    return _block(table(["", *(f"`{each['run']}`" for each in records)], rows))


def _seeds(run: Run) -> str:
    """Returns a table of the run and of those with other seeds, which are recorded as ``RUN-seed-N``."""
    names = f"{run.name}-seed-"
    records = [each for each in run_records.read(run.path.parent) if f"{each['run']}-seed-".startswith(names)]
    return _compared(sorted(records, key=lambda each: (each["run"] != run.name, each["run"])))


def _from_scratch(run: Run) -> str:
    """Returns a table of ``bilstm``, and of the recipe of ``distilled`` when it continues that run."""
    records = {each["run"]: each for each in run_records.read(run.path.parent)}
    return _compared([records[name] for name in ("bilstm", "distilled-from-bilstm") if name in records])


def _compared(records: list[dict[str, Any]]) -> str:
    """Returns a table of runs by the measures that show whether a recipe succeeded."""
    rows = []
    for each in records:
        shares = [_value(each, path) for path in _KEY_MEASURES.values()]
        rows.append([f"`{each['run']}`", *shares, f"{each['validation']['log_loss']:.4f}"])
    return _block(table(["run", *_KEY_MEASURES, "validation log loss"], rows))


def _value(record: dict[str, Any], path: str) -> str:
    """Returns the share at a path of keys as a percentage; empty where the record has none."""
    found: Any = record
    for key in path.split("."):
        found = (found or {}).get(key)
    return "" if found is None else percent(found)


def _mixture(_run: Run) -> str:
    """Returns a table of the kinds of examples of the preset ``distilled``, with their shares."""
    recipe = _continuation()
    shares = {meaning: getattr(recipe, rate) for rate, meaning in _SOURCES.items()}
    shares["Unlabelled reviews; the target is the start's prediction"] = 1 - sum(shares.values())
    return _block(table(["examples", "share"], [[meaning, percent(share, 0)] for meaning, share in shares.items()]))


def _benchmark(run: Run, render: Callable[[dict[str, Any]], str]) -> str:
    """Renders the committed benchmark, or returns a sentence if there is none."""
    path = run.path.parent / "BENCHMARKS.json"
    if not path.is_file():
        return _block("No benchmark is committed yet; run `make benchmark DATA=...`.")
    return render(json.loads(path.read_text(encoding="utf-8")))


def _speed(found: dict[str, Any]) -> str:
    """Returns a table of the measured rows that have a target."""
    rows = [row for row in found["rows"] if row["at_least"] and "ratio" in row]
    cells = [[row["what"], row["against"], f"{page.median_ratio(row)}x", page.target(row)] for row in rows]
    return table(["what", "against", "improvement", "target"], cells)


def _example(run: Run) -> str:
    """Returns the beginning of the output of ``sentiment score --explain`` for the example."""
    classifier = Classifier.load(run.path)
    [prediction], explanation = classifier.predict([EXAMPLE]), classifier.explain(EXAMPLE)
    fields: dict[str, Any] = {"label": prediction.label, "probability": round(prediction.probability, 3)}
    fields |= {"logit": round(prediction.logit, 3), "confidence": prediction.confidence}
    token, value = explanation.tokens[0], float(explanation.contributions[0])
    first = {"token": token.text, "start": token.start, "end": token.end, "value": round(value, 3)}
    return _block(f'```\n{json.dumps(fields)[:-1]}, ...,\n "contributions": [{json.dumps(first)}, ...]}}\n```')


def _arithmetic(run: Run) -> str:
    """Returns the example's contributions above their tokens, and their sum, as a block of text."""
    explanation = Classifier.load(run.path).explain(EXAMPLE)
    columns = [(f"{explanation.baseline_logit:.2f}", "start")]
    pairs = zip(explanation.contributions.tolist(), explanation.tokens, strict=True)
    columns += [(f"{value:+.2f}", token.text) for value, token in pairs]
    columns += [("=", ""), (f"{explanation.logit:.2f}", "logit")]
    lines = (" ".join(cell.rjust(6) for cell in row).rstrip() for row in zip(*columns, strict=True))
    return _block("\n".join(["```", *lines, "```"]))


def _faster(found: dict[str, Any]) -> str:
    """Returns the speed-up of a single review over Keras, such as "22 times"."""
    row = next(row for row in found["rows"] if row["against"].startswith("keras.predict") and "ratio" in row)
    return f"{page.median_ratio(row)} times"


def _block(lines: str) -> str:
    """Returns the text on lines of its own."""
    return f"\n{lines}\n"


FIGURES: dict[str, Callable[[Run], str]] = {
    "table": _table,
    "results": _results,
    "seeds": _seeds,
    "from-scratch": _from_scratch,
    "mixture": _mixture,
    "share": lambda _run: percent(_continuation().share, 0),
    "accuracy": lambda run: accuracy(_test(run)),
    "confidence": lambda run: _block(confidence_table(_test(run))),
    "slices": lambda run: _block(slices_table(_test(run))),
    "size": lambda run: f"{run.file('model.onnx').stat().st_size / 1e6:.1f} MB",
    "example": _example,
    "arithmetic": _arithmetic,
    "faster": lambda run: _benchmark(run, _faster),
    "speed": lambda run: _benchmark(run, lambda found: _block(_speed(found))),
    "profile": lambda run: _benchmark(run, lambda found: _block(page.profile_of(found))),
    "training-time": lambda run: duration(run.json("metadata.json")["training_seconds"]),
}

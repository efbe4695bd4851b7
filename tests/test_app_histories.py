"""Training histories: smoothing, the values under the pointer, events, summaries, and the chart's axes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.app.training import charts, histories, runs_table
from tests.app_runs import history, steps, unfinished_run

values = st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=50).map(np.array)


@settings(deadline=None)
@given(values)
def test_without_smoothing_every_value_is_unchanged(line):
    np.testing.assert_allclose(histories.smooth(line, 0.0), line)


@settings(deadline=None)
@given(st.floats(-1e3, 1e3), st.integers(1, 40), st.floats(0, 0.99))
def test_smoothing_does_not_change_a_constant_line(value, n, weight):
    np.testing.assert_allclose(histories.smooth(np.full(n, value), weight), value, rtol=1e-6, atol=1e-6)


@settings(deadline=None)
@given(values, st.floats(0, 0.99))
def test_a_smoothed_line_stays_between_the_lowest_and_the_highest_value(line, weight):
    smoothed = histories.smooth(line, weight)
    assert smoothed.min() >= line.min() - 1e-6
    assert smoothed.max() <= line.max() + 1e-6


def test_an_epoch_has_its_last_step_and_its_minutes():
    tidy = histories.by_epoch("run", history(), steps())
    row = tidy[(tidy["metric"] == "loss") & (tidy["split"] == "validation") & (tidy["epoch"] == 3)].iloc[0]
    assert row["value"] == pytest.approx(0.4)
    assert row["step"] == 60
    assert row["minutes"] == 3


def test_the_steps_of_an_unfinished_epoch_are_fractions_of_it():
    tidy = histories.by_step("run", steps(3).head(50))
    epochs = tidy[tidy["metric"] == "loss"]["epoch"].to_numpy()
    assert epochs[19] == pytest.approx(1.0)
    assert epochs[49] == pytest.approx(2.5)


def test_many_steps_are_averaged_to_a_limited_number_of_points():
    tidy = histories.by_step("run", steps(100, 100))
    loss = tidy[tidy["metric"] == "loss"]
    assert len(loss) <= histories.POINTS
    assert loss["value"].mean() == pytest.approx(steps(100, 100)["loss"].mean(), rel=0.01)


def test_the_best_epoch_has_the_lowest_validation_loss():
    both = pd.concat([histories.by_epoch("a", history(), None), histories.by_epoch("b", history(2), None)])
    best = histories.best_epochs(both).set_index("run")["epoch"]
    assert best.to_dict() == {"a": 3, "b": 2}


def test_the_pointer_shows_the_latest_value_of_every_line_and_none_before_its_start():
    later = history().assign(epoch=history()["epoch"] + 2)
    both = histories.add_smoothed(
        pd.concat([histories.by_epoch("a", history(), None), histories.by_epoch("b", later, None)]), 0.0
    )
    shown = histories.hover_values(
        both[both["metric"] == "loss"], "epoch", histories.hover_positions(both, "epoch")
    ).set_index("epoch")
    assert shown.loc[1, "a, train"] == 0.6
    assert np.isnan(shown.loc[1, "b, train"])
    assert shown.loc[6, "a, train"] == 0.15


def test_the_pointer_of_a_smoothed_line_shows_smoothed_values_and_says_so():
    smoothed = histories.add_smoothed(histories.by_epoch("a", history(), None), 0.5)
    loss = smoothed[smoothed["metric"] == "loss"]
    shown = histories.hover_values(loss, "epoch", np.array([2.0]))
    debiased = (0.5 * 0.6 + 0.3) / 1.5  # of the losses 0.6 and 0.3
    assert shown["a, train, smoothed"][0] == float(f"{debiased:.4g}")
    assert "a, train" not in shown


def test_settings_that_differ_are_marked():
    table = histories.settings_table({"a": {"model": {"units": 2}, "seed": 1}, "b": {"model": {"units": 3}, "seed": 1}})
    assert table.set_index("setting")["differs"].to_dict() == {"model · units": True, "seed": False}


def test_a_folder_in_progress_is_an_unfinished_run(tmp_path):
    young = unfinished_run(tmp_path / "young")
    (tmp_path / "no_run").mkdir()
    assert histories.folders(tmp_path) == [young]
    assert not histories.finished(young)


def test_a_peak_after_a_warm_up_and_a_sudden_drop_are_schedule_changes():
    rates = [1e-4, 5e-4, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-4, 1e-4, 1e-4]
    tidy = histories.by_step("run", steps(1, 10).assign(learning_rate=rates))
    assert histories.schedule_changes(tidy)["step"].tolist() == [3, 8]


def test_the_pointer_stops_at_few_positions_that_include_both_ends():
    places = histories.hover_positions(histories.by_step("run", steps(10, 100)), "step", 50)
    assert len(places) <= 50
    assert (places[0], places[-1]) == (1, 1000)


def test_by_epoch_or_by_step_validation_has_a_value_per_epoch_and_the_learning_rate_per_step():
    for grain, points in (("epoch", 4), ("step", 80)):
        known = histories.run_history("run", grain, history(), steps())
        counts = known.groupby(["metric", "split"]).size().to_dict()
        assert counts == {
            ("loss", "train"): points,
            ("accuracy", "train"): points,
            ("loss", "validation"): 4,
            ("accuracy", "validation"): 4,
            ("learning rate", "train"): 80,
        }
        assert known["step"].notna().all()


def test_a_run_that_lacks_a_file_still_has_a_history():
    assert histories.run_history("run", "step", None, None).empty
    assert set(histories.run_history("run", "step", history(), None)["metric"]) == {"loss", "accuracy", "learning rate"}
    assert set(histories.run_history("run", "epoch", None, steps())["metric"]) == {"learning rate"}


def test_best_epoch_early_stop_and_schedule_changes_are_marked():
    rates = [1e-4 * min(step, 10) for step in range(1, 81)]
    known = histories.run_history("run", "epoch", history(), steps().assign(learning_rate=rates))
    marked = histories.events(known, {"run": 9})
    found = {(row["event"], row["metric"], row["epoch"]) for row in marked.to_dict("records")}
    assert found == {
        ("best epoch", "loss", 3),
        ("best epoch", "accuracy", 3),
        ("early stopping", "loss", 4),
        ("end of warm-up", "learning rate", 0.5),
    }
    assert "early stopping" not in set(histories.events(known, {"run": 4})["event"])
    assert "early stopping" not in set(histories.events(known, {})["event"])


def test_in_a_history_without_epochs_only_the_best_step_is_marked():
    measured = pd.DataFrame({"val_loss": [0.5, 0.3, 0.4], "val_accuracy": [0.7, 0.8, 0.9]})
    theirs = histories.tidy(measured.assign(run="theirs", epoch=np.nan, step=[5, 10, 15], minutes=1))
    known = pd.concat([theirs, histories.run_history("ours", "epoch", history(), None)]).reset_index(drop=True)
    marked = histories.events(known, {"ours": 4})
    best = marked[marked["event"] == "best epoch"]
    assert best.groupby("run")["value"].apply(list).to_dict() == {"theirs": [0.3, 0.8], "ours": [0.4, 0.85]}
    assert set(marked[marked["run"] == "theirs"]["event"]) == {"best epoch"}


def test_a_run_in_progress_shows_its_progress_and_how_long_it_has_been_idle():
    said = histories.progress_sentence("run", steps(2), 4, None)
    assert said == "run is training: epoch 2/4, step 40, 2.0 min elapsed, about 2.0 min left."
    assert "left" not in histories.progress_sentence("run", steps(2), None, None)
    assert "left" not in histories.progress_sentence("run", steps(1), 4, None)  # an epoch's duration is not known yet
    assert "no update for 15.0 min" in histories.progress_sentence("run", steps(2), 4, 900)
    assert histories.progress_sentence("run", None, 4, None) == "run is training; no step has finished yet."


def test_a_constant_or_steadily_falling_learning_rate_has_no_schedule_changes():
    for rates in ([1e-3] * 10, [0.5**i for i in range(10)], [*np.linspace(1, 0.02, 8), 0.01, 0.0]):
        tidy = histories.by_step("run", steps(1, 10).assign(learning_rate=rates))
        assert histories.schedule_changes(tidy).empty


@pytest.mark.parametrize(("planned", "epochs"), [(9, "4 of 9"), (4, "4"), (None, "4")])
def test_a_summary_has_the_best_epoch_and_reports_an_early_stop(planned, epochs):
    found = histories.summarise("run", history(), {}, {}, planned)
    assert (found.epochs, found.best_loss, found.best_accuracy) == (epochs, 0.4, 0.85)
    assert found.last_seconds == 240


def test_a_history_without_validation_still_has_its_epochs_and_time():
    rows = history().drop(columns=["val_loss", "val_accuracy"])
    for known in (rows, history().assign(val_loss=np.nan)):
        found = histories.summarise("run", known, {}, {}, None)
        assert (found.epochs, found.last_seconds, found.best_loss, found.best_accuracy) == ("4", 240, None, None)


def test_the_time_of_all_stages_and_that_of_the_last_are_distinguished():
    metadata = {"training_seconds": 6819.7, "date": "2026-01-02", "teachers": {"a": 1}}
    found = histories.summarise("run", history(), metadata, {"test": {"accuracy": 0.9}}, 4)
    assert (found.seconds, found.last_seconds, found.date, found.test_accuracy) == (6819.7, 240, "2026-01-02", 0.9)
    assert "run: training targets are soft" in "".join(histories.notes([found]))
    assert [*histories.notes([histories.Summary("other")])] == []


def test_the_table_of_runs_shows_only_columns_that_have_a_title():
    shown = runs_table._frame([histories.Summary("a", soft=True, mixed=True), histories.Summary("b")])
    assert list(shown) == list(runs_table._COLUMNS)


def test_a_note_says_that_averaged_weights_differ_from_the_model_of_the_curves():
    options = {"continues": {"share": 0.6}}
    found = [histories.summarise(name, None, {"options": options}, {}, None) for name in ("a", "b")]
    [note] = histories.notes(found)
    assert note.startswith("a, b: the saved model averages two sets of weights")
    plain = histories.summarise("c", None, {"options": {"continues": None}}, {}, None)
    assert [*histories.notes([plain])] == []


def test_the_summary_of_a_run_without_files_or_of_an_imported_one_has_what_is_known():
    assert histories.summarise("run", None, {}, {}, None) == histories.Summary("run")
    measured = pd.DataFrame({"val_loss": [0.5, 0.3, 0.4], "val_accuracy": [0.7, 0.8, 0.9]})
    theirs = histories.tidy(measured.assign(run="theirs", epoch=[1, 2, 3], step=np.nan, minutes=np.nan))
    found = histories.summarise_imported(theirs)
    assert (found.run, found.epochs, found.best_loss, found.best_accuracy) == ("theirs", "3", 0.3, 0.8)
    assert found.last_seconds is None
    only_loss = histories.tidy(pd.DataFrame({"loss": [1.0]}).assign(run="a", epoch=np.nan, step=5, minutes=2.0))
    assert histories.summarise_imported(only_loss) == histories.Summary("a", last_seconds=120.0)


def test_a_range_of_the_training_is_given_in_percent_of_its_axis():
    tidy = histories.by_epoch("run", history(), steps())
    assert histories.axis_range(tidy, "epoch", 0, 100) == (tidy["epoch"].min(), tidy["epoch"].max())
    seconds = pd.DataFrame({"minutes": [687.63 / 60, 3040.55 / 60]})  # low + (high - low) is rounded to less than high
    assert histories.axis_range(seconds, "minutes", 0, 100) == tuple(seconds["minutes"])
    low, high = histories.axis_range(tidy, "step", 25, 75)
    assert high - low == pytest.approx((tidy["step"].max() - tidy["step"].min()) / 2)


def test_a_logarithmic_axis_does_not_follow_a_learning_rate_to_zero():
    rates = pd.DataFrame({"metric": "learning rate", "value": [1e-3, 5e-4, 1e-5, 1e-8, 1e-11, 0.0]})
    assert rates[rates["value"] > histories.log_floor(rates)]["value"].tolist() == [1e-3, 5e-4, 1e-5]
    losses = rates.assign(metric="loss")
    assert rates[losses["value"] > histories.log_floor(losses)]["value"].min() == 1e-11


def curves(log=False, **columns):
    """Returns the specification of a chart with one panel and one line."""
    rows = pd.DataFrame({"run": "a", "split": "train", **columns})
    rows = rows.assign(smoothed=rows["value"])
    panel = charts.Panel(
        "Loss", rows, rows[["minutes"]].assign(**{"a, train": rows["value"]}), rows.head(0).assign(event=""), log
    )
    return charts.learning_curves([panel], x="minutes", x_title="minute", colours={"a": "#123456"})


@pytest.mark.parametrize("lowest", [0.0, 0.01, 1.0, 5.0])
@pytest.mark.parametrize("highest", [5.0, 1_000.0])
def test_the_axis_of_a_training_starts_at_zero(lowest, highest):
    [axis] = curves(value=[1.0, 1.0], minutes=[lowest, highest])["baseOption"]["xAxis"]
    assert (axis["min"], axis["max"]) == (0, highest)


@pytest.mark.parametrize(
    ("values", "ends"), [([0.21, 0.69], (0.2, 0.7)), ([3e-5, 9.1e-4], (3e-5, 1e-3)), ([1.0, 1.0], (1.0, 1.0))]
)
def test_a_logarithmic_axis_ends_close_to_the_values(values, ends):
    [axis] = curves(log=True, value=values, minutes=[1.0, 2.0])["baseOption"]["yAxis"]
    assert (axis["min"], axis["max"]) == pytest.approx(ends)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_panels_stay_apart_and_inside_the_chart_in_both_layouts(n):
    rows = pd.DataFrame({"run": "a", "split": "train", "value": [1.0], "smoothed": [1.0], "epoch": [1.0]})
    panel = charts.Panel("Loss", rows, rows[["epoch"]].assign(**{"a, train": 1.0}), rows.head(0).assign(event=""))
    spec = charts.learning_curves([panel] * n, x="epoch", x_title="epoch", colours={"a": "#123456"})
    for layout in spec["media"]:
        grids = layout["option"]["grid"]
        assert len(grids) == len(layout["option"]["title"]) == n
        assert all(grid["height"] > 50 and grid["top"] + grid["height"] < charts.HEIGHT for grid in grids)
        columns = {}
        for grid in grids:
            columns.setdefault(grid["left"], []).append((grid["top"], grid["top"] + grid["height"]))
        assert all(a[1] < b[0] for spans in columns.values() for a, b in pairwise(spans))


def test_a_training_line_is_solid_and_its_name_is_not_read_as_html():
    series = curves(value=[1.0, 2.0], minutes=[1.0, 2.0])["baseOption"]["series"]
    assert [each["name"] for each in series] == ["a, train", "a, train"]
    assert series[0]["lineStyle"]["type"] == "solid"
    assert not any("formatter" in each.get("tooltip", {}) for each in series)  # its text would be HTML

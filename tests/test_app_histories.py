"""Training histories: tidy, smoothed without a bias, comparable between runs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.app.training import charts, histories
from tests.app_runs import history, steps, unfinished_run

values = st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=50).map(np.array)


@settings(deadline=None)
@given(values)
def test_without_smoothing_every_value_stays_as_it_is(line):
    np.testing.assert_allclose(histories.smooth(line, 0.0), line)


@settings(deadline=None)
@given(st.floats(-1e3, 1e3), st.integers(1, 40), st.floats(0, 0.99))
def test_a_constant_line_is_its_own_smoothing_from_the_first_point_on(value, n, weight):
    np.testing.assert_allclose(histories.smooth(np.full(n, value), weight), value, rtol=1e-6, atol=1e-6)


@settings(deadline=None)
@given(values, st.floats(0, 0.99))
def test_a_smoothed_line_stays_between_the_least_and_the_greatest_value(line, weight):
    smoothed = histories.smooth(line, weight)
    assert smoothed.min() >= line.min() - 1e-6
    assert smoothed.max() <= line.max() + 1e-6


def test_epochs_know_their_last_step_and_their_minutes():
    tidy = histories.by_epoch("run", history(), steps())
    row = tidy[(tidy["metric"] == "loss") & (tidy["split"] == "validation") & (tidy["epoch"] == 3)].iloc[0]
    assert row["value"] == pytest.approx(0.4)
    assert row["step"] == 60
    assert row["minutes"] == 3


def test_steps_of_an_epoch_under_way_are_fractions_of_it():
    tidy = histories.by_step("run", steps(3).head(50))
    epochs = tidy[tidy["metric"] == "loss"]["epoch"].to_numpy()
    assert epochs[19] == pytest.approx(1.0)
    assert epochs[49] == pytest.approx(2.5)


def test_many_steps_are_averaged_to_a_bounded_number_of_points():
    tidy = histories.by_step("run", steps(100, 100))
    loss = tidy[tidy["metric"] == "loss"]
    assert len(loss) <= histories.POINTS
    assert loss["value"].mean() == pytest.approx(steps(100, 100)["loss"].mean(), rel=0.01)


def test_the_best_epoch_is_that_of_least_validation_loss():
    both = pd.concat([histories.by_epoch("a", history(), None), histories.by_epoch("b", history(2), None)])
    best = histories.best_epochs(both).set_index("run")["epoch"]
    assert best.to_dict() == {"a": 3, "b": 2}


def test_the_pointer_shows_the_latest_value_of_every_line_and_nothing_before_it_begins():
    late = history().assign(epoch=history()["epoch"] + 2)
    both = histories.add_smoothed(
        pd.concat([histories.by_epoch("a", history(), None), histories.by_epoch("b", late, None)]), 0.0
    )
    shown = histories.hover_values(
        both[both["metric"] == "loss"], "epoch", histories.hover_positions(both, "epoch")
    ).set_index("epoch")
    assert shown.loc[1, "a, train"] == "0.6"
    assert shown.loc[1, "b, train"] == ""
    assert shown.loc[6, "a, train"] == "0.15"


def test_settings_that_differ_are_marked():
    table = histories.settings_table({"a": {"model": {"units": 2}, "seed": 1}, "b": {"model": {"units": 3}, "seed": 1}})
    assert table.set_index("setting")["differs"].to_dict() == {"model · units": True, "seed": False}


def test_a_folder_under_way_counts_as_a_run_that_is_not_finished(tmp_path):
    young = unfinished_run(tmp_path / "young")
    (tmp_path / "no_run").mkdir()
    assert histories.folders(tmp_path) == [young]
    assert not histories.finished(young)


def test_a_peak_after_a_warm_up_and_a_sudden_drop_are_schedule_changes():
    rates = [1e-4, 5e-4, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-4, 1e-4, 1e-4]
    tidy = histories.by_step("run", steps(1, 10).assign(learning_rate=rates))
    assert histories.schedule_changes(tidy)["step"].tolist() == [3, 8]


def test_the_rule_stands_at_few_places_and_at_both_ends():
    places = histories.hover_positions(histories.by_step("run", steps(10, 100)), "step", 50)
    assert len(places) <= 50
    assert (places[0], places[-1]) == (1, 1000)


def test_at_either_grain_validation_is_known_by_epoch_and_the_learning_rate_by_step():
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


def test_a_run_without_a_file_still_gives_a_history():
    assert histories.run_history("run", "step", None, None).empty
    assert set(histories.run_history("run", "step", history(), None)["metric"]) == {"loss", "accuracy", "learning rate"}
    assert set(histories.run_history("run", "epoch", None, steps())["metric"]) == {"learning rate"}


def test_best_epoch_early_stop_and_schedule_changes_are_marked():
    rates = [1e-4 * min(step, 10) for step in range(1, 81)]
    known = histories.run_history("run", "epoch", history(), steps().assign(learning_rate=rates))
    marked = histories.events(known, {"run": 9})
    found = {(row["event"], row["metric"], row["epoch"]) for row in marked.to_dict("records")}
    assert found == {
        ("least validation loss", "loss", 3),
        ("least validation loss", "accuracy", 3),
        ("stopped early", "loss", 4),
        ("end of warm-up", "learning rate", 0.5),
    }
    assert "stopped early" not in set(histories.events(known, {"run": 4})["event"])
    assert "stopped early" not in set(histories.events(known, {})["event"])


def test_a_history_without_epochs_has_its_best_step_marked_and_nothing_else():
    measured = pd.DataFrame({"val_loss": [0.5, 0.3, 0.4], "val_accuracy": [0.7, 0.8, 0.9]})
    theirs = histories.tidy(measured.assign(run="theirs", epoch=np.nan, step=[5, 10, 15], minutes=1))
    known = pd.concat([theirs, histories.run_history("ours", "epoch", history(), None)]).reset_index(drop=True)
    marked = histories.events(known, {"ours": 4})
    best = marked[marked["event"] == "least validation loss"]
    assert best.groupby("run")["value"].apply(list).to_dict() == {"theirs": [0.3, 0.8], "ours": [0.4, 0.85]}
    assert set(marked[marked["run"] == "theirs"]["event"]) == {"least validation loss"}


def test_a_run_under_way_tells_how_far_it_is_and_a_broken_one_that_it_is_quiet():
    said = histories.progress_sentence("run", steps(2), 4, None)
    assert "epoch 2 of 4, step 40 after 2.0 min, about 2.0 min left" in said
    assert "left" not in histories.progress_sentence("run", steps(2), None, None)
    assert "left" not in histories.progress_sentence("run", steps(1), 4, None)  # nobody knows yet how long an epoch is
    assert "has not written for 15.0 min" in histories.progress_sentence("run", steps(2), 4, 900)
    assert histories.progress_sentence("run", None, 4, None).endswith("its curves follow.")


def test_a_constant_or_steadily_falling_rate_has_no_changes():
    for rates in ([1e-3] * 10, [0.5**i for i in range(10)], [*np.linspace(1, 0.02, 8), 0.01, 0.0]):
        tidy = histories.by_step("run", steps(1, 10).assign(learning_rate=rates))
        assert histories.schedule_changes(tidy).empty


def test_an_early_stop_is_told():
    assert "stopped early, after 4 of 9 epochs" in histories.summary_sentence("run", history(), 9)
    assert "trained 4 epochs in 4.0 min" in histories.summary_sentence("run", history(), 4)
    assert "least validation loss 0.4000 after epoch 3" in histories.summary_sentence("run", history(), None)


def test_a_part_of_the_training_lies_between_percentages_of_its_way():
    tidy = histories.by_epoch("run", history(), steps())
    assert histories.axis_range(tidy, "epoch", 0, 100) == (tidy["epoch"].min(), tidy["epoch"].max())
    seconds = pd.DataFrame({"minutes": [687.63 / 60, 3040.55 / 60]})  # whose difference, added again, falls short
    assert histories.axis_range(seconds, "minutes", 0, 100) == tuple(seconds["minutes"])
    low, high = histories.axis_range(tidy, "step", 25, 75)
    assert high - low == pytest.approx((tidy["step"].max() - tidy["step"].min()) / 2)


def test_a_logarithmic_axis_does_not_follow_a_learning_rate_to_zero():
    rates = pd.DataFrame({"metric": "learning rate", "value": [1e-3, 5e-4, 1e-5, 1e-8, 1e-11, 0.0]})
    assert rates[rates["value"] > histories.log_floor(rates)]["value"].tolist() == [1e-3, 5e-4, 1e-5]
    losses = rates.assign(metric="loss")
    assert rates[losses["value"] > histories.log_floor(losses)]["value"].min() == 1e-11


@pytest.mark.parametrize("lowest", [0.0, 0.01, 1.0, 5.0])
@pytest.mark.parametrize("highest", [5.0, 1_000.0])
def test_the_axis_of_a_training_never_begins_below_zero(lowest, highest):
    rows = pd.DataFrame({"run": "a", "split": "train", "value": 1.0, "smoothed": 1.0, "minutes": [lowest, highest]})
    panel = charts.Panel("loss", "Loss", rows, rows[["minutes"]], rows.head(0))
    for start, begin in ((0.0, 0.0), (None, None)):
        drawn = charts.history([panel], x="minutes", x_title="minutes", runs=["a"], start=start).to_dict()
        [low, high] = drawn["vconcat"][0]["layer"][0]["encoding"]["x"]["scale"]["domain"]
        assert 0 <= low <= lowest
        assert high >= highest
        assert begin is None or low == begin

"""Training histories: tidy, smoothed without a bias, comparable between runs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.app import curves
from tests.app_runs import history, steps, unfinished_run

values = st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=50).map(np.array)


@settings(deadline=None)
@given(values)
def test_without_smoothing_every_value_stays_as_it_is(line):
    np.testing.assert_allclose(curves.smooth(line, 0.0), line)


@settings(deadline=None)
@given(st.floats(-1e3, 1e3), st.integers(1, 40), st.floats(0, 0.99))
def test_a_constant_line_is_its_own_smoothing_from_the_first_point_on(value, n, weight):
    np.testing.assert_allclose(curves.smooth(np.full(n, value), weight), value, rtol=1e-6, atol=1e-6)


@settings(deadline=None)
@given(values, st.floats(0, 0.99))
def test_a_smoothed_line_stays_between_the_least_and_the_greatest_value(line, weight):
    smoothed = curves.smooth(line, weight)
    assert smoothed.min() >= line.min() - 1e-6
    assert smoothed.max() <= line.max() + 1e-6


def test_epochs_know_their_last_step_and_their_minutes():
    tidy = curves.by_epoch("run", history(), steps())
    row = tidy[(tidy["metric"] == "loss") & (tidy["split"] == "validation") & (tidy["epoch"] == 3)].iloc[0]
    assert row["value"] == pytest.approx(0.4)
    assert row["step"] == 60
    assert row["minutes"] == 3


def test_steps_of_an_epoch_under_way_are_fractions_of_it():
    tidy = curves.by_step("run", steps(3).head(50))
    epochs = tidy[tidy["metric"] == "loss"]["epoch"].to_numpy()
    assert epochs[19] == pytest.approx(1.0)
    assert epochs[49] == pytest.approx(2.5)


def test_many_steps_are_averaged_to_a_bounded_number_of_points():
    tidy = curves.by_step("run", steps(100, 100))
    loss = tidy[tidy["metric"] == "loss"]
    assert len(loss) <= curves.POINTS
    assert loss["value"].mean() == pytest.approx(steps(100, 100)["loss"].mean(), rel=0.01)


def test_the_best_epoch_is_that_of_least_validation_loss():
    both = pd.concat([curves.by_epoch("a", history(), None), curves.by_epoch("b", history(2), None)])
    best = curves.best_epochs(both).set_index("run")["epoch"]
    assert best.to_dict() == {"a": 3, "b": 2}


def test_the_pointer_shows_the_latest_value_of_every_line_and_nothing_before_it_begins():
    late = history().assign(epoch=history()["epoch"] + 2)
    both = curves.add_smoothed(
        pd.concat([curves.by_epoch("a", history(), None), curves.by_epoch("b", late, None)]), 0.0
    )
    shown = curves.at_pointer(both[both["metric"] == "loss"], "epoch").set_index("epoch")
    assert shown.loc[1, "a, train"] == "0.6"
    assert shown.loc[1, "b, train"] == ""
    assert shown.loc[6, "a, train"] == "0.15"


def test_settings_that_differ_are_marked():
    table = curves.settings_table({"a": {"model": {"units": 2}, "seed": 1}, "b": {"model": {"units": 3}, "seed": 1}})
    assert table.set_index("setting")["differs"].to_dict() == {"model · units": True, "seed": False}


def test_a_folder_under_way_counts_as_a_run_that_is_not_finished(tmp_path):
    young = unfinished_run(tmp_path / "young")
    (tmp_path / "no_run").mkdir()
    assert curves.folders(tmp_path) == [young]
    assert not curves.finished(young)


def test_a_peak_after_a_warm_up_and_a_sudden_drop_are_schedule_changes():
    rates = [1e-4, 5e-4, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-4, 1e-4, 1e-4]
    tidy = curves.by_step("run", steps(1, 10).assign(learning_rate=rates))
    assert curves.schedule_changes(tidy)["step"].tolist() == [3, 8]


def test_a_constant_or_steadily_falling_rate_has_no_changes():
    for rates in ([1e-3] * 10, [0.5**i for i in range(10)], [*np.linspace(1, 0.02, 8), 0.01, 0.0]):
        tidy = curves.by_step("run", steps(1, 10).assign(learning_rate=rates))
        assert curves.schedule_changes(tidy).empty


def test_an_early_stop_is_told():
    assert "stopped early, after 4 of 9 epochs" in curves.story("run", history(), 9)
    assert "trained 4 epochs in 4.0 min" in curves.story("run", history(), 4)
    assert "least validation loss 0.4000 after epoch 3" in curves.story("run", history(), None)

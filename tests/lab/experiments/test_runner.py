import numpy as np
import pytest

from lab.experiments import runner
from lab.experiments.cell import run_cell
from lab.experiments.result_table import ResultTable
from lab.experiments.runner import choose_setting, left_over, plan, run_experiment
from lab.experiments.settings import (
    ExperimentCell,
    ExperimentError,
    Filter,
    Setting,
    effective_setting,
    tuning_cells,
)
from tests.lab.experiments.crop_data import BOXES, NUM_VAL

RECIPE = "00c0ffee"
NUM_TUNING, NUM_FINAL = 4, 6


@pytest.fixture
def table(tmp_path):
    return ResultTable(tmp_path / "results.csv", RECIPE)


@pytest.fixture
def ran(monkeypatch):
    """The cells that are run, which are not trained: the anchored setting is the best."""
    ran = []

    def pretend(cfg, cell, on_step):
        ran.append(cell)
        on_step()
        metrics = {"within_5cm_labels_given": 50 + cell.setting.uv_weight, "num_points": 7}
        metrics["nats_per_point_own"] = 1.0
        last = {"steps": 4, "split": "test" if cell.stage == "final" else "validation"}
        return [{"steps": 2, "split": "validation"} | metrics, last | metrics]

    monkeypatch.setattr(runner, "run_cell", pretend)
    monkeypatch.setattr(runner, "experiment_sets", lambda cfg, world: None)
    monkeypatch.setattr(runner, "check_worlds", lambda cfg, worlds: None)
    return ran


def test_a_cell_is_trained_and_measured(tiny_experiment, use_crop_data):
    steps = []
    cell = ExperimentCell("final", "annotator", "full", 1, Setting(0.1, 0.5, 0.25))
    rows = run_cell(tiny_experiment(), cell, lambda: steps.append(0))
    assert len(steps) == 4
    found = [(row["steps"], row["split"]) for row in rows]
    assert found == [(s, split) for s in (2, 4) for split in ("validation", "test")]
    assert all(np.isfinite(row["nats_per_point_own"]) for row in rows)
    assert rows[1]["num_points"] > 10 * NUM_VAL * len(BOXES)
    # It is the same on another day, and tuning does not look at the test split.
    again = run_cell(tiny_experiment(), cell, lambda: None)
    np.testing.assert_equal(again, rows)
    tuning = ExperimentCell("tune", "annotator", "full", 1, cell.setting)
    cfg = tiny_experiment("EXPERIMENT.TUNING_ITER", "4")
    np.testing.assert_equal(run_cell(cfg, tuning, lambda: None), [rows[-2]])


def test_tuning_comes_first_and_its_best_setting_is_reported(tiny_experiment, table, ran):
    run_experiment(tiny_experiment(), table)
    assert [cell.stage for cell in ran] == ["tune"] * NUM_TUNING + ["final"] * NUM_FINAL
    for cell in ran[NUM_TUNING:]:
        best = Setting(0.2, 0.5, 0.5)
        assert cell.setting == effective_setting(cell.model, best)
    assert [cell.world for cell in ran[NUM_TUNING:]] == ["annotator"] * 4 + ["iid"] * 2
    assert len(table.rows) == 2 * (NUM_TUNING + NUM_FINAL)


def test_what_is_in_the_table_is_not_run_again(tiny_experiment, table, ran):
    cfg = tiny_experiment()
    run_experiment(cfg, table)
    run_experiment(cfg, ResultTable(table.path, RECIPE))
    assert len(ran) == len(set(ran)) == NUM_TUNING + NUM_FINAL


@pytest.mark.parametrize("finished", [1, 3, 5])
def test_a_run_that_was_stopped_goes_on(tiny_experiment, table, ran, finished):
    cfg = tiny_experiment()

    def stop(done):
        if len(ran) == finished:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_experiment(cfg, table, on_finished=stop)
    resumed = ResultTable(table.path, RECIPE)
    assert len(resumed.rows) == 2 * finished
    assert len(left_over(cfg, resumed, Filter())) == NUM_TUNING + NUM_FINAL - finished
    run_experiment(cfg, resumed)
    assert len(ran) == len(set(ran)) == NUM_TUNING + NUM_FINAL


def test_a_cell_that_was_stopped_leaves_nothing(tiny_experiment, table, ran, monkeypatch):
    def stop(cfg, cell, on_step):
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "run_cell", stop)  # after `ran`, which replaced the rest
    with pytest.raises(KeyboardInterrupt):
        run_experiment(tiny_experiment(), table)
    assert not table.path.exists()


def test_a_missing_control_world_is_said_before_anything_is_run(
    tiny_experiment, table, use_crop_data
):
    cfg = tiny_experiment("EXPERIMENT.CONTROL_WORLDS", "['iid', 'rainy']")
    with pytest.raises(FileNotFoundError, match="noise world 'rainy' needs"):
        run_experiment(cfg, table)
    assert not table.path.exists()


def test_only_what_is_wanted_is_run(tiny_experiment, table, ran):
    cfg = tiny_experiment()
    run_experiment(cfg, table, Filter("model=mse,world=annotator"))
    assert {cell.model for cell in ran} == {"mse"}
    assert len(ran) == 2 + 2
    run_experiment(cfg, table, Filter("world=iid"))
    assert [(cell.world, cell.seed) for cell in ran[4:]] == [("iid", 1), ("iid", 2)]


def test_nothing_is_reported_of_a_model_that_was_not_tuned(tiny_experiment, table, ran):
    cfg = tiny_experiment()
    run_experiment(cfg, table, Filter("model=mse,stage=tune"))
    assert choose_setting(cfg, "full", table) is None
    with pytest.raises(ExperimentError, match="the setting of full has not been chosen yet"):
        run_experiment(cfg, table, Filter("stage=final,model=full"))
    assert [cell.setting for cell in plan(cfg, table) if cell.model == "full"].count(None) == 2


def test_the_criterion_is_a_weighted_sum_at_the_end_of_training(tiny_experiment, table):
    cfg = tiny_experiment("EXPERIMENT.TUNING.CRITERION", "[['share', 1.0], ['nats', 10.0]]")
    first, second = tuning_cells(cfg, "full")

    def rows(early, share, nats):
        values = ((2, early, early), (4, share, nats))
        return [
            {"steps": steps, "split": "validation", "share": float(a), "nats": float(b)}
            for steps, a, b in values
        ]

    table.append(first, rows(99, 50.0, 1.0), 1)
    table.append(second, rows(0, 49.5, 1.1), 1)
    assert choose_setting(cfg, "full", table) == second.setting


def test_a_criterion_that_is_not_measured_is_said(tiny_experiment, table, ran):
    cfg = tiny_experiment("EXPERIMENT.TUNING.CRITERION", "[['beauty', 1.0]]")
    with pytest.raises(ExperimentError, match="no value of .*'beauty'"):
        run_experiment(cfg, table)

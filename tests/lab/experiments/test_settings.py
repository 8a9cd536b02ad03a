import pytest

from lab.experiments.cell import cell_config, evaluation_steps
from lab.experiments.settings import (
    ExperimentCell,
    ExperimentError,
    Filter,
    Setting,
    cell_steps,
    effective_setting,
    final_cells,
    load_experiment,
    models_of,
    recipe,
    settings_of,
    tuning_cells,
)
from tests.lab.experiments.conftest import CONFIG
from tests.lab.experiments.crop_data import TINY

SETTING = Setting(0.2, 0.5, 0.25)


def test_every_model_is_tuned_over_the_same_grid():
    cfg = load_experiment(CONFIG)
    grids = {model: {cell.setting for cell in tuning_cells(cfg, model)} for model in models_of(cfg)}
    full = {Setting(*values) for values in cfg.EXPERIMENT.TUNING.GRID}
    assert set(grids) == {"mse", "iid_iso", "indep_aniso", "full", "full_similarity"}
    assert all(grid == full for model, grid in grids.items() if model != "mse")
    assert grids["mse"] == {effective_setting("mse", setting) for setting in full}


def test_for_a_squared_error_the_anchor_is_weight_and_nothing_is_warmed():
    assert effective_setting("mse", SETTING) == Setting(pytest.approx(0.3), 0.0, 0.0)
    assert effective_setting("full", SETTING) == SETTING


def test_settings_of_one_effect_are_run_once(tiny_experiment):
    cfg = tiny_experiment("EXPERIMENT.TUNING.GRID", "[[0.2, 0.0, 0.1], [0.1, 1.0, 0.3]]")
    assert settings_of(cfg, "mse") == [Setting(0.2, 0.0, 0.0)]
    assert len(tuning_cells(cfg, "full")) == 2


def test_where_there_is_no_choice_nothing_is_tuned(tiny_experiment):
    cfg = tiny_experiment("EXPERIMENT.TUNING.GRID", "[[0.2, 0.5, 0.1]]")
    assert tuning_cells(cfg, "full") == []
    assert settings_of(cfg, "full") == [Setting(0.2, 0.5, 0.1)]


def test_control_worlds_have_their_own_models(tiny_experiment):
    cfg = tiny_experiment()
    cells = [cell for model in models_of(cfg) for cell in final_cells(cfg, model, SETTING)]
    found = [(cell.world, cell.model, cell.seed) for cell in cells]
    expected = [("annotator", "mse"), ("iid", "mse"), ("annotator", "full")]
    assert found == [(world, model, seed) for world, model in expected for seed in (1, 2)]


def test_tuning_has_a_seed_of_its_own():
    options = load_experiment(CONFIG).EXPERIMENT
    assert options.TUNING.SEED not in options.SEEDS


def test_a_cell_sets_its_keys(tiny_experiment):
    cell = ExperimentCell("final", "annotator", "indep_aniso", 1, SETTING)
    cfg = cell_config(tiny_experiment("SOLVER.MAX_ITER", "40"), cell)
    head = cfg.MODEL.ROI_DENSEPOSE_HEAD
    assert head.UV_CONFIDENCE.TYPE == "indep_aniso"
    assert head.POINT_REGRESSION_WEIGHTS == 0.2
    assert head.UV_CONFIDENCE.MSE_ANCHOR_WEIGHT == 0.5
    assert head.UV_CONFIDENCE.WARM_START_ITERS == 10


def test_tuning_may_be_shorter_and_is_evaluated_at_its_end(tiny_experiment):
    cell = ExperimentCell("tune", "annotator", "full", 0, SETTING)
    cfg = tiny_experiment("SOLVER.MAX_ITER", "40", "EXPERIMENT.TUNING_ITER", "20")
    own = cell_config(cfg, cell)
    assert own.SOLVER.MAX_ITER == 20 == cell_steps(cfg, cell)
    assert own.MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE.WARM_START_ITERS == 5
    assert evaluation_steps(own) == [20]
    assert cell_steps(tiny_experiment("EXPERIMENT.TUNING_ITER", "0"), cell) == 4


def test_models_are_evaluated_at_shares_of_the_steps_and_at_the_end(tiny_experiment):
    cfg = tiny_experiment("SOLVER.MAX_ITER", "200", "EXPERIMENT.EVALUATE_AT", "[0.5, 0.25]")
    assert evaluation_steps(cfg) == [50, 100, 200]


def test_a_filter_wants_what_it_names():
    cell = ExperimentCell("final", "iid", "full", 2, SETTING)
    assert Filter()(cell)
    assert Filter("world=iid,model=full,seed=2,stage=final")(cell)
    assert Filter("model=mse,model=full")(cell)
    assert not Filter("world=iid,model=mse")(cell)
    assert not Filter("seed=1")(cell)


@pytest.mark.parametrize("text", ["world", "colour=red", "model:full"])
def test_a_filter_that_makes_no_sense_is_refused(text):
    with pytest.raises(ExperimentError, match="expected FIELD=VALUE"):
        Filter(text)


def test_a_recipe_changes_with_training_and_data_alone():
    reference = recipe(CONFIG)
    assert recipe(CONFIG, ["EXPERIMENT.SEEDS", "[9]"]) == reference
    assert recipe(CONFIG, ["MODEL.DEVICE", "cuda"]) == reference
    assert recipe(CONFIG, ["EXPERIMENT.TUNING.GRID", "[]"]) == reference
    assert recipe(CONFIG, ["EXPERIMENT.TUNING_ITER", "7"]) != reference
    assert recipe(CONFIG, ["SOLVER.MAX_ITER", "7"]) != reference
    assert recipe(CONFIG, ["EXPERIMENT.DATASET", "synth_people_tiny"]) != reference
    assert recipe(CONFIG, TINY) == recipe(CONFIG, TINY)


@pytest.mark.parametrize("overrides", [["SOLVER.NO_SUCH_KEY", "1"], ["SOLVER.MAX_ITER", "many"]])
def test_a_config_that_cannot_be_used_is_refused(overrides):
    with pytest.raises(ExperimentError, match="four_losses.yaml: .*(NO_SUCH_KEY|MAX_ITER)"):
        load_experiment(CONFIG, overrides)


def test_a_missing_config_is_said():
    with pytest.raises(FileNotFoundError, match="'none.yaml': no such file"):
        load_experiment("none.yaml")

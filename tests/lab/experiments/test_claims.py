"""What holds of the correlated model where the noise of labels is known and the network fits.

The cells of the experiment, on pictures that are easy to read, so that what the network does not
know is small beside the noise.
"""

import pytest

from lab.experiments import cell
from lab.experiments.settings import ExperimentCell, Setting, load_experiment
from tests.lab.experiments.legible_people import SIDE, make_sets
from tests.surface_factory import make_tiny_surface
from uncertain_densepose.surface.paths import SURFACE_FILE_NAME

CONFIG = "configs/experiments/four_losses.yaml"
OVERRIDES = (
    "SOLVER.MAX_ITER", "500",
    "SOLVER.WARMUP_ITERS", "50",
    "EXPERIMENT.EVALUATE_AT", "[1.0]",
    "EXPERIMENT.WEIGHTS_DIR", "",
    "EXPERIMENT.CROP_SIDE", str(SIDE),
    "MODEL.ROI_DENSEPOSE_HEAD.HEATMAP_SIZE", str(SIDE // 2),
)  # fmt: skip
SETTING = Setting(uv_weight=0.4, anchor=0.1, warm_start=0.3)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def metrics(tmp_path_factory):
    """By world and model, on the test split."""
    folder = tmp_path_factory.mktemp("datasets")
    make_tiny_surface(cells=3).save(folder / SURFACE_FILE_NAME)
    cfg = load_experiment(CONFIG, OVERRIDES)
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DETECTRON2_DATASETS", str(folder))
        for world in ("shared", "iid"):
            sets = make_sets(world)
            patch.setattr(cell, "experiment_sets", lambda cfg, world, sets=sets: sets)
            for model in ("iid_iso", "full"):
                one = ExperimentCell("final", world, model, 1, SETTING)
                (found[world, model],) = (
                    row for row in cell.run_cell(cfg, one, lambda: None) if row["split"] == "test"
                )
    return found


def test_the_network_fits(metrics):
    assert all(row["noise_to_error"] > 2 for row in metrics.values())


def test_a_trained_correlation_is_worth_more_than_one_that_is_fitted_afterwards(metrics):
    full, independent = metrics["shared", "full"], metrics["shared", "iid_iso"]
    fitted = independent["nats_per_point_posthoc"], independent["nats_per_point_posthoc_tempered"]
    assert full["nats_per_point_own"] > max(fitted)


def test_it_costs_nothing_where_labels_share_no_error(metrics):
    full, independent = metrics["iid", "full"], metrics["iid", "iid_iso"]
    assert full["nats_per_point_own"] > independent["nats_per_point_own"] - 0.02


def test_the_shared_variance_shrinks_where_labels_share_no_error(metrics):
    name = "shared_variance_uv2"
    assert metrics["iid", "full"][name] < 0.5 * metrics["shared", "full"][name]


def test_the_shared_variance_is_of_the_size_of_the_labels(metrics):
    full = metrics["shared", "full"]
    # What the network does not know of a part comes on top.
    assert full["shared_variance_uv2"] == pytest.approx(full["true_shared_variance_uv2"], rel=0.5)


@pytest.mark.parametrize("region", ["part_mean", "large_part_mean"])
def test_regions_of_part_means_hold_what_they_say(metrics, region):
    assert metrics["shared", "full"][f"coverage_{region}_90_own"] == pytest.approx(90, abs=5)


def test_independent_models_are_too_sure_of_part_means(metrics):
    assert metrics["shared", "iid_iso"]["coverage_part_mean_90_own"] < 50

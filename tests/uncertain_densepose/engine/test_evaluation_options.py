"""What a config says about how a model is evaluated."""

import pytest

from tests.model_factory import make_config
from uncertain_densepose.config import ConfigError
from uncertain_densepose.engine import Trainer
from uncertain_densepose.engine.model_evaluation import checked_options
from uncertain_densepose.evaluation import Recalibration, RecalibrationError
from uncertain_densepose.surface import SurfaceFileError
from uncertain_densepose.surface.paths import PACKAGED_CHARTS_PATH

PROTOCOL, KAPPA = "DENSEPOSE_EVALUATION.PROTOCOL", "DENSEPOSE_EVALUATION.KAPPA"
RECALIBRATION = "DENSEPOSE_EVALUATION.RECALIBRATION"


def test_one_length_scale_a_part_is_a_kappa_of_0():
    options = checked_options("strict", 0.0, "")
    assert options == {"protocol": "strict", "kappa_m": None, "recalibration": None}


def test_all_can_be_chosen(tmp_path):
    path = str(tmp_path / "recalibration.json")
    Recalibration(2.0).save(path)
    options = checked_options("reference", 0.255, path)
    assert options["recalibration"].variance_scale == 2
    assert (options["protocol"], options["kappa_m"]) == ("reference", 0.255)


@pytest.mark.parametrize(("key", "value"), [(PROTOCOL, "coco"), (KAPPA, -0.1), (KAPPA, "nan")])
def test_what_makes_no_sense_is_refused_before_training(key, value):
    cfg = make_config("full", key, float("nan") if value == "nan" else value)
    with pytest.raises(ConfigError, match=key):
        Trainer(cfg)


def test_a_recalibration_that_is_not_there_is_refused_before_training(tmp_path):
    cfg = make_config("full", RECALIBRATION, str(tmp_path / "none.json"))
    with pytest.raises(RecalibrationError, match=r"none\.json: no such file"):
        Trainer(cfg)


@pytest.mark.parametrize(
    ("path", "said"),
    [("none.npz", r"none\.npz: no such"), (str(PACKAGED_CHARTS_PATH), "without the geodesic")],
)
def test_a_surface_on_which_nothing_can_be_measured_is_refused_before_training(path, said):
    test = ("synth_people_tiny_val",)
    cfg = make_config("full", "DENSEPOSE_EVALUATION.SURFACE", path, "DATASETS.TEST", test)
    with pytest.raises(SurfaceFileError, match=said):
        Trainer(cfg)


@pytest.mark.parametrize("key", ["DATASETS.TRAIN", "DATASETS.TEST"])
def test_a_data_set_that_nobody_registered_is_refused_before_training(key):
    said = rf"{key}: 'synth_people_dmeo_val' is not .* did you mean synth_people_demo_val"
    with pytest.raises(ConfigError, match=said):
        Trainer(make_config("full", key, ("synth_people_dmeo_val",)))

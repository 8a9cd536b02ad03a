"""What a config says about how detections are counted."""

import pytest
from model_factory import make_config

from uncertain_densepose.config import ConfigError
from uncertain_densepose.engine import Trainer
from uncertain_densepose.engine.trainer import evaluation_options

PROTOCOL, KAPPA = "DENSEPOSE_EVALUATION.PROTOCOL", "DENSEPOSE_EVALUATION.KAPPA"


def test_the_default_is_strict_with_a_length_scale_a_part():
    assert evaluation_options(make_config("full")) == {"protocol": "strict", "kappa_m": None}


def test_both_can_be_chosen():
    cfg = make_config("full", PROTOCOL, "reference", KAPPA, 0.255)
    assert evaluation_options(cfg) == {"protocol": "reference", "kappa_m": 0.255}


@pytest.mark.parametrize(("key", "value"), [(PROTOCOL, "coco"), (KAPPA, -0.1), (KAPPA, "nan")])
def test_what_makes_no_sense_is_refused_before_training(key, value):
    cfg = make_config("full", key, float("nan") if value == "nan" else value)
    with pytest.raises(ConfigError, match=key):
        Trainer(cfg)

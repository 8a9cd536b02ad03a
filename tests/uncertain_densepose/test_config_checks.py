"""Which values a config may have: the defaults and every config of the project, and no nonsense."""

import functools
import operator

import pytest
from detectron2.config import LazyConfig, get_cfg

from tests.tool_loader import ROOT
from uncertain_densepose import add_uncertain_densepose_config
from uncertain_densepose.config import ConfigError, load_config
from uncertain_densepose.config_checks import RULES, check_config, check_lazy_values

CONFIGS = sorted(
    path for path in (ROOT / "configs").rglob("*.yaml") if path.parent.name != "experiments"
)


def defaults():
    cfg = get_cfg()
    add_uncertain_densepose_config(cfg)
    return cfg


@pytest.mark.parametrize("key", RULES)
def test_a_rule_holds_for_the_default_and_for_no_nonsense(key):
    default = functools.reduce(operator.getitem, key.split("."), defaults())
    assert RULES[key].holds(default)
    for nonsense in (-1, -0.5, float("nan"), float("inf"), "nonsense", ""):
        if key != "OUTPUT_DIR" or nonsense == "":
            assert not RULES[key].holds(nonsense), nonsense


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: str(path.relative_to(ROOT)))
def test_configs_of_the_project_pass(path):
    load_config(str(path))


def test_the_message_names_key_value_and_rule():
    cfg = defaults()
    cfg.SOLVER.MAX_ITER = 0
    with pytest.raises(ConfigError, match="^SOLVER.MAX_ITER is 0, but it must be a number at leas"):
        check_config(cfg)


def test_lazy_configs_pass_and_nonsense_does_not():
    cfg = LazyConfig.load(str(ROOT / "configs/lazy/synth_unc_full.py"))
    check_lazy_values(cfg)
    cfg.dataloader.train.total_batch_size = 0
    with pytest.raises(ConfigError, match="dataloader.train.total_batch_size is 0"):
        check_lazy_values(cfg)

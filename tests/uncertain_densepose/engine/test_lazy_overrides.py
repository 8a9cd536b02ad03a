"""KEY=VALUE on a python config."""

import re

import pytest
from detectron2.config import LazyConfig

from uncertain_densepose.config import ConfigError
from uncertain_densepose.engine.lazy_overrides import apply_overrides

CONFIG = "configs/lazy/synth_unc_full.py"


@pytest.fixture
def cfg():
    return LazyConfig.load(CONFIG)


def test_values_that_the_config_has_are_replaced(cfg):
    overrides = [
        "train.max_iter=7",
        "train.amp.enabled=true",
        "optimizer.lr=1",
        "train.output_dir=some/where",
        "dataloader.train.mapper.augmentations.0.max_size=300",
        "dataloader.test.mapper.augmentations.0.short_edge_length=[160,320]",
        "model.roi_heads.densepose_decoder={norm:BN}",
        "model.roi_heads.densepose_decoder.norm=GN",
        "train.checkpointer={period:5}",
        "train.log_period=${train.max_iter}",
    ]
    assert apply_overrides(cfg, overrides) is cfg
    assert (cfg.train.max_iter, cfg.train.log_period, cfg.optimizer.lr) == (7, 7, 1)
    assert cfg.train.amp.enabled is True and cfg.train.output_dir == "some/where"
    assert cfg.dataloader.train.mapper.augmentations[0].max_size == 300
    assert cfg.dataloader.test.mapper.augmentations[0].short_edge_length == [160, 320]
    assert cfg.model.roi_heads.densepose_decoder.norm == "GN"
    assert cfg.train.checkpointer.period == 5 and cfg.train.checkpointer.max_to_keep > 0


def test_a_value_behind_a_reference_is_replaced_only_where_it_is(cfg):
    heads = "model.roi_heads"
    with pytest.raises(ConfigError, match=rf"{heads}.densepose_predictor.noise_model.epsilon"):
        apply_overrides(cfg, [f"{heads}.densepose_loss.noise_model.epsilon=0.5"])
    apply_overrides(cfg, [f"{heads}.densepose_predictor.noise_model.epsilon=0.5"])
    assert cfg.model.roi_heads.densepose_loss.noise_model.epsilon == 0.5


def test_a_plus_adds_what_the_config_lacks(cfg):
    apply_overrides(cfg, ["+train.foo=2", "train.foo=3"])
    assert cfg.train.foo == 3


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("train.foo=2", "the config has no such key; did you mean train"),
        ("QQQ=2", "the config has no such key; +QQQ=2 would add it"),
        ("train.max_itr=2", "the config has no such key; did you mean train.max_iter"),
        ("train={max_itr:2}", "the config has no such key; did you mean train.max_iter"),
        ("train.max_iter.x=2", "the config has no such key; did you mean train.max_iter"),
        ("=2", "the config has no such key"),
        ("FOO.BAR", "not of the form KEY=VALUE (missing EQUAL"),
        ("train.amp=[1,", "not of the form KEY=VALUE ("),
        ("~train.amp", "give one value"),
        ("train.max_iter=1,2", "give one value"),
        ("train.max_iter=abc", "the value must be a number, as 900 is"),
        ("train.max_iter=true", "the value must be a number"),
        ("optimizer.params.base_lr=abc", "the value must be a number, as 0.0008 is"),
        ("train.amp.enabled=1", "the value must be true or false, as False is"),
        ("train.output_dir=2", "the value must be text"),
        ("+train.max_iter.x=2", "Trying to update key train.max_iter.x"),
    ],
)
def test_what_cannot_be_replaced_is_told_in_one_line(cfg, override, said):
    with pytest.raises(ConfigError, match=f"^{re.escape(f'{override}: {said}')}") as caught:
        apply_overrides(cfg, [override])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", ["some_people", "[some_people]"])
def test_one_training_set_needs_no_brackets(cfg, value):
    apply_overrides(cfg, [f"dataloader.train.dataset.names={value}", "train.max_iter=1"])
    assert cfg.dataloader.train.dataset.names == ["some_people"]
    assert cfg.evaluation.variance_dataset == "some_people"
    assert cfg.dataloader.train.mapper.chart_mirror.dataset_names == ["some_people"]


def test_the_set_of_the_shared_variance_can_be_chosen_after_a_training_set(cfg):
    names = ["dataloader.train.dataset.names=some_people", "evaluation.variance_dataset=others"]
    assert apply_overrides(cfg, names).evaluation.variance_dataset == "others"

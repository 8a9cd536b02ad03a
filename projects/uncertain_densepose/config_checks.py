"""The values that keys of a config may have, checked once, when the config is loaded."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from detectron2.config import CfgNode
from omegaconf import DictConfig, OmegaConf

from .config_file import ConfigError


@dataclass(frozen=True)
class Rule:
    """Which values a key may have.

    Attributes:
        holds: whether a value is one of them.
        text: "must be ..." of the message.
    """

    holds: Callable[[object], bool]
    text: str


def _number(low: float, high: float = math.inf, above: bool = False) -> Rule:
    """Finite numbers from `low`, itself left out with `above`, to `high`."""
    least = f"above {low:g}" if above else f"at least {low:g}"
    text = f"must be a number {least}" if high == math.inf else f"must be in {low:g}..{high:g}"
    compare = operator.gt if above else operator.ge

    def holds(value: object) -> bool:
        return (
            isinstance(value, (int, float))
            and compare(value, low)
            and value <= high
            and not (isinstance(value, float) and math.isinf(value))
        )

    return Rule(holds, text)


def _one_of(*names: object) -> Rule:
    return Rule(lambda value: value in names, f"must be one of {', '.join(map(str, names))}")


def _several(rule: Rule, least: int = 1) -> Rule:
    """A list of such values, or for some of Detectron2's keys the value alone."""

    def holds(value: object) -> bool:
        values: Sequence = value if isinstance(value, (list, tuple)) else [value]
        return len(values) >= least and all(map(rule.holds, values))

    return Rule(holds, f"{rule.text}, each of {least} or more" if least else rule.text)


_SHARE = _number(0, 1)
_COUNT = _number(1)
_NOT_NEGATIVE = _number(0)
_POSITIVE = _number(0, above=True)
_TEXT = Rule(lambda value: bool(value), "must not be empty")

_HEAD = "MODEL.ROI_DENSEPOSE_HEAD"
_CONFIDENCE = f"{_HEAD}.UV_CONFIDENCE"

# The noise models, optimisers, protocols and modules are registered: who builds them checks names.
RULES: Mapping[str, Rule] = {
    "VERSION": _one_of(2),
    "OUTPUT_DIR": _TEXT,
    "SOLVER.IMS_PER_BATCH": _COUNT,
    "SOLVER.MAX_ITER": _COUNT,
    "SOLVER.BASE_LR": _NOT_NEGATIVE,
    "SOLVER.BACKBONE_MULTIPLIER": _NOT_NEGATIVE,
    "SOLVER.MOMENTUM": _SHARE,
    "SOLVER.WEIGHT_DECAY": _NOT_NEGATIVE,
    "SOLVER.WEIGHT_DECAY_NORM": _NOT_NEGATIVE,
    "SOLVER.GAMMA": _NOT_NEGATIVE,
    "SOLVER.WARMUP_ITERS": _NOT_NEGATIVE,
    "SOLVER.WARMUP_FACTOR": _NOT_NEGATIVE,
    "SOLVER.WARMUP_METHOD": _one_of("linear", "constant"),
    "SOLVER.LR_SCHEDULER_NAME": _one_of(
        "WarmupMultiStepLR", "WarmupCosineLR", "WarmupStepWithFixedGammaLR"
    ),
    "SOLVER.STEPS": Rule(
        lambda steps: (
            isinstance(steps, (list, tuple))
            and all(map(_NOT_NEGATIVE.holds, steps))
            and list(steps) == sorted(steps)
        ),
        "must ascend from 0 or more",
    ),
    "SOLVER.CHECKPOINT_PERIOD": _COUNT,
    "SOLVER.CLIP_GRADIENTS.CLIP_TYPE": _one_of("value", "norm", "full_model"),
    "SOLVER.CLIP_GRADIENTS.CLIP_VALUE": _POSITIVE,
    "TEST.EVAL_PERIOD": _NOT_NEGATIVE,
    "TEST.DETECTIONS_PER_IMAGE": _COUNT,
    "TEST.SECOND_LOOK.PERSON_SIZE": _NOT_NEGATIVE,
    "TEST.SECOND_LOOK.MARGIN": _NOT_NEGATIVE,
    "DATALOADER.NUM_WORKERS": _NOT_NEGATIVE,
    "DATALOADER.SAMPLER_TRAIN": _one_of(
        "TrainingSampler", "RepeatFactorTrainingSampler", "RandomSubsetTrainingSampler",
        "WeightedTrainingSampler",
    ),
    "INPUT.MIN_SIZE_TRAIN": _several(_NOT_NEGATIVE),
    "INPUT.MAX_SIZE_TRAIN": _COUNT,
    "INPUT.MIN_SIZE_TEST": _NOT_NEGATIVE,
    "INPUT.MAX_SIZE_TEST": _COUNT,
    "INPUT.RANDOM_FLIP": _one_of("horizontal", "vertical", "none"),
    "INPUT.MASK_FORMAT": _one_of("polygon", "bitmask"),
    "INPUT.FORMAT": _one_of("BGR", "RGB"),
    "MODEL.PIXEL_STD": _several(_POSITIVE),
    "MODEL.ROI_HEADS.NUM_CLASSES": _COUNT,
    "MODEL.ROI_HEADS.BATCH_SIZE_PER_IMAGE": _COUNT,
    "MODEL.ROI_HEADS.POSITIVE_FRACTION": _SHARE,
    "MODEL.ROI_HEADS.SCORE_THRESH_TEST": _SHARE,
    "MODEL.ROI_HEADS.NMS_THRESH_TEST": _SHARE,
    "MODEL.RPN.NMS_THRESH": _SHARE,
    "MODEL.RESNETS.DEPTH": _one_of(18, 34, 50, 101, 152),
    f"{_HEAD}.NUM_STACKED_CONVS": _COUNT,
    f"{_HEAD}.CONV_HEAD_DIM": _COUNT,
    f"{_HEAD}.CONV_HEAD_KERNEL": _COUNT,
    f"{_HEAD}.NUM_PATCHES": _one_of(24),
    f"{_HEAD}.NUM_COARSE_SEGM_CHANNELS": _one_of(2, 15),
    f"{_HEAD}.DECONV_KERNEL": _COUNT,
    f"{_HEAD}.UP_SCALE": _COUNT,
    f"{_HEAD}.HEATMAP_SIZE": _COUNT,
    f"{_HEAD}.POOLER_TYPE": _one_of("ROIAlignV2", "ROIAlign", "ROIPool"),
    f"{_HEAD}.POOLER_RESOLUTION": _COUNT,
    f"{_HEAD}.POOLER_SAMPLING_RATIO": _NOT_NEGATIVE,
    f"{_HEAD}.FG_IOU_THRESHOLD": _SHARE,
    f"{_HEAD}.INDEX_WEIGHTS": _NOT_NEGATIVE,
    f"{_HEAD}.PART_WEIGHTS": _NOT_NEGATIVE,
    f"{_HEAD}.POINT_REGRESSION_WEIGHTS": _NOT_NEGATIVE,
    f"{_HEAD}.SEGM_CONFIDENCE.EPSILON": _NOT_NEGATIVE,
    f"{_CONFIDENCE}.EPSILON": _NOT_NEGATIVE,
    f"{_CONFIDENCE}.REFERENCE_VARIANCE": _POSITIVE,
    f"{_CONFIDENCE}.MSE_ANCHOR_WEIGHT": _NOT_NEGATIVE,
    f"{_CONFIDENCE}.WARM_START_ITERS": _NOT_NEGATIVE,
    f"{_CONFIDENCE}.BETA": _SHARE,
    "DENSEPOSE_EVALUATION.MIN_IOU_THRESHOLD": _SHARE,
    "DENSEPOSE_EVALUATION.KAPPA": _NOT_NEGATIVE,
    "DENSEPOSE_EVALUATION.GLOBAL_VARIANCE_IMAGES": _NOT_NEGATIVE,
}  # fmt: skip
"""By key, what its value must be."""


LAZY_RULES: Mapping[str, Rule] = {
    "train.output_dir": _TEXT,
    "train.max_iter": _COUNT,
    "train.max_skipped_steps": _NOT_NEGATIVE,
    "train.checkpointer.period": _COUNT,
    "train.eval_period": _NOT_NEGATIVE,
    "train.log_period": _COUNT,
    "dataloader.train.total_batch_size": _COUNT,
    "dataloader.train.num_workers": _NOT_NEGATIVE,
    "optimizer.lr": _NOT_NEGATIVE,
}
"""The same for a python config, for those that it has."""


def check_config(cfg: CfgNode) -> None:
    """Refuse values with which nothing could be trained or predicted.

    Raises:
        ConfigError: a value breaks one of `RULES`; the message names its key.
    """
    for key, rule in RULES.items():
        value = functools.reduce(operator.getitem, key.split("."), cfg)
        _check(key, value, rule)


def check_lazy_values(cfg: DictConfig) -> None:
    """As :func:`check_config`, by `LAZY_RULES`."""
    for key, rule in LAZY_RULES.items():
        value = OmegaConf.select(cfg, key)
        if value is not None:
            _check(key, value, rule)


def _check(key: str, value: object, rule: Rule) -> None:
    if not rule.holds(value):
        raise ConfigError(f"{key} is {value!r}, but it {rule.text}")

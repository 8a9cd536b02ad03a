"""Every key that the project adds to a Detectron2 config."""

from __future__ import annotations

import difflib
import functools
import itertools
import operator
import os
from collections.abc import Iterator, Sequence
from typing import Any

from detectron2.config import CfgNode as CN
from detectron2.config import downgrade_config, get_cfg, upgrade_config
from detectron2.config.compat import guess_version

from .config_checks import check_config
from .config_file import ConfigError, read_config_file


def load_config(config_file: str, overrides: Sequence[str] = ()) -> CN:
    """A project config from its file.

    Args:
        config_file: path of a yaml file.
        overrides: KEY, VALUE, KEY, VALUE, ... that replace values of the file.

    Raises:
        FileNotFoundError: the file does not exist.
        ConfigError: the file or the overrides name an unknown key, a value has the wrong type, or
            proposals are to be read from pickles.
    """
    if not config_file:
        raise ConfigError("no config file is given; name one of configs/ with --config-file")
    if "://" in config_file:
        raise ConfigError(f"{config_file} is a URL, not a path; download the config first")
    if not os.path.isfile(config_file):
        raise FileNotFoundError(f"{config_file!r}: no such config file; configs/ has the project's")
    cfg = get_cfg()
    add_uncertain_densepose_config(cfg)
    merge_config_file(cfg, config_file)
    _merge_overrides(cfg, list(overrides))
    _refuse_proposal_files(cfg)
    check_config(cfg)
    return cfg


def _refuse_proposal_files(cfg: CN) -> None:
    """Detectron2 unpickles them, and would fetch them first."""
    files = (*cfg.DATASETS.PROPOSAL_FILES_TRAIN, *cfg.DATASETS.PROPOSAL_FILES_TEST)
    if cfg.MODEL.LOAD_PROPOSALS and files:
        raise ConfigError(
            f"MODEL.LOAD_PROPOSALS asks for {files[0]}, a pickle, which can run anything when it "
            "is read; use a model with a proposal network of its own"
        )


def merge_config_file(cfg: CN, config_file: str) -> None:
    """`CfgNode.merge_from_file`, of plain values alone: see `config_file`.

    Args:
        cfg: with every key that the file may have; changed in place.
        config_file: path of a yaml file, also of a former version of Detectron2.

    Raises:
        ConfigError: the file cannot be read, names an unknown key, or a value has the wrong type.
    """
    values = read_config_file(config_file)
    _refuse_nulls(config_file, values, cfg)
    try:
        loaded = CN(values)
        version = loaded.get("VERSION", None) or guess_version(loaded, config_file)
        if version == cfg.VERSION:
            cfg.merge_from_other_cfg(loaded)
            return
        if version not in range(1, cfg.VERSION):
            raise ConfigError(f"VERSION is {version!r}, expected 1 to {cfg.VERSION}")
        former = downgrade_config(cfg, to_version=version)
        former.merge_from_other_cfg(loaded)
        present = upgrade_config(former)
    except _NOT_MERGED as error:
        complaint = " ".join(str(error.args[0] if error.args else error).split())
        raise ConfigError(f"{config_file}: {complaint}") from error
    cfg.clear()
    cfg.update(present)


# Yacs reads text as Python literals, and asserts types.
_NOT_MERGED = (AssertionError, KeyError, MemoryError, RecursionError, SyntaxError, ValueError)


def _refuse_nulls(file: str, values: dict[str, Any], cfg: CN, prefix: str = "") -> None:
    """Yacs takes null for any value, even for a whole section, which is found out much later."""
    for key, value in values.items():
        present = cfg.get(key)
        if value is None and present is not None:
            raise ConfigError(f"{file}: {prefix}{key} has no value")
        if isinstance(value, dict) and isinstance(present, CN):
            _refuse_nulls(file, value, present, f"{prefix}{key}.")


def _merge_overrides(cfg: CN, overrides: list) -> None:
    known = set(_keys(cfg))
    for key, value in itertools.zip_longest(overrides[::2], overrides[1::2]):
        if str(key).startswith("--"):
            raise ConfigError(f"{key} comes after KEY VALUE pairs; options go before them")
        if key not in known:
            similar = difflib.get_close_matches(str(key), known, n=3)
            hint = f"; did you mean {' or '.join(similar)}?" if similar else ""
            raise ConfigError(f"{key}: the config has no such key{hint}")
        if value is None:
            raise ConfigError(f"{key} has no value; overrides are pairs KEY VALUE")
        try:
            cfg.merge_from_list([key, value])
        except _NOT_MERGED as error:
            present = functools.reduce(operator.getitem, key.split("."), cfg)
            example = f"('{value}',)" if isinstance(present, tuple) else repr(present)
            raise ConfigError(f"{key} is {value!r}, expected a value like {example}") from error


def _keys(node: CN, prefix: str = "") -> Iterator[str]:
    """The full names of all values of a config, and of what holds several."""
    for name, value in node.items():
        yield f"{prefix}{name}"
        if isinstance(value, CN):
            yield from _keys(value, f"{prefix}{name}.")


def add_uncertain_densepose_config(cfg: CN) -> None:
    """Add the project's keys to a config, in place.

    Keys and defaults that DensePose has keep its names and values, so that its chart-based yaml
    files merge unchanged; those marked "ours" are new.

    Args:
        cfg: a config from `detectron2.config.get_cfg()`.
    """
    _add_model_config(cfg)
    _add_data_config(cfg)
    _add_evaluation_config(cfg)
    # The optimiser (ours): "SGD", Detectron2's, or "ADAMW", which learns faster in short runs
    # from scratch.
    cfg.SOLVER.OPTIMIZER = "SGD"
    # Factor (ours) of the learning rate of the backbone below the FPN, which is pretrained as a
    # rule; what MODEL.BACKBONE.FREEZE_AT freezes does not learn at all.
    cfg.SOLVER.BACKBONE_MULTIPLIER = 1.0
    # Steps with a loss or a gradient that is not finite are skipped; so many in a row end the
    # training (ours).
    cfg.SOLVER.MAX_SKIPPED_STEPS = 20


def check_training_data(cfg: CN) -> None:
    """Refuse what DensePose's files can ask of training data and this project does not do.

    Their models are built and evaluated all the same.

    Raises:
        ConfigError: training on a model's own predictions, or categories of a training set that
            are chosen or renamed.
    """
    if cfg.BOOTSTRAP_DATASETS:
        raise ConfigError(
            "BOOTSTRAP_DATASETS asks for training on a model's own predictions, which is not "
            'possible here; train on annotations alone with BOOTSTRAP_DATASETS "[]"'
        )
    for key in ("CATEGORY_MAPS", "WHITELISTED_CATEGORIES"):
        named = sorted(set(cfg.DATASETS[key]) & set(cfg.DATASETS.TRAIN))
        if named:
            raise ConfigError(
                f"DATASETS.{key} changes the categories of {', '.join(named)}, which is not "
                "possible here; change them in the annotation file and remove the entry, or leave "
                "the set out of DATASETS.TRAIN"
            )


def _add_model_config(cfg: CN) -> None:
    cfg.MODEL.DENSEPOSE_ON = True

    head = cfg.MODEL.ROI_DENSEPOSE_HEAD = CN()
    head.NAME = "DensePoseV1ConvXHead"
    head.NUM_STACKED_CONVS = 8
    head.CONV_HEAD_DIM = 512
    head.CONV_HEAD_KERNEL = 3
    # Charts, without the background.
    head.NUM_PATCHES = 24
    # 2: person or not; 15: the fourteen coarse parts and the background.
    head.NUM_COARSE_SEGM_CHANNELS = 2
    head.DECONV_KERNEL = 4
    # Bilinear upsampling after the transposed convolution, and the side of the resulting maps:
    # 2 (the transposed convolution) x UP_SCALE x POOLER_RESOLUTION.
    head.UP_SCALE = 2
    head.HEATMAP_SIZE = 112
    head.POOLER_TYPE = "ROIAlignV2"
    head.POOLER_RESOLUTION = 28
    head.POOLER_SAMPLING_RATIO = 2
    head.PREDICTOR_NAME = "DensePoseChartPredictor"
    head.LOSS_NAME = "DensePoseChartLoss"
    # Proposals that overlap their person less are not trained on.
    head.FG_IOU_THRESHOLD = 0.7
    # Weights of the coarse segmentation, of the chart classification and of the coordinates.
    head.INDEX_WEIGHTS = 5.0
    head.PART_WEIGHTS = 1.0
    head.POINT_REGRESSION_WEIGHTS = 0.01
    # Coarse segmentation from the instance masks instead of `dp_masks`; needs MODEL.MASK_ON or
    # INPUT.MASK_FORMAT bitmask data with segmentations.
    head.COARSE_SEGM_TRAINED_BY_MASKS = False
    # Semantic decoder that joins the FPN levels before pooling.
    head.DECODER_ON = True
    head.DECODER_NUM_CLASSES = 256
    head.DECODER_CONV_DIMS = 256
    head.DECODER_NORM = ""
    head.DECODER_COMMON_STRIDE = 4
    head.DEEPLAB = CN()
    head.DEEPLAB.NORM = "GN"
    head.DEEPLAB.NONLOCAL_ON = 0

    # How losses are reduced (ours): "sum", DensePose's, where that of the coordinates grows with
    # the number of points, or "mean", per point and per cell over all workers.
    head.UV_REDUCTION = "sum"
    # Where labels lie in maps (ours): "densepose" trains at x/256 of the box without half-pixel
    # shift, as DensePose does; "aligned" at x/255 with half-pixel centres, exactly where
    # inference reads them.
    head.POINT_CONVENTION = "densepose"

    # The noise model of chart coordinates. Disabled: DensePose's smooth L1 baseline.
    confidence = head.UV_CONFIDENCE = CN()
    confidence.ENABLED = False
    # "mse"; "iid_iso" (s); "indep_aniso" (s, r); ours: "full" (s, r, and B of an offset that a
    # part's points share), "full_similarity" (and of a rotation and a scaling of the part).
    confidence.TYPE = "iid_iso"
    # Where B of a box's part is read (ours): "box", from the mean of the box's features; "points",
    # from a map, as the mean logit of the part's points; "part", one constant a part.
    confidence.SHARED_FROM = "box"
    # Lower bound of s, chart units².
    confidence.EPSILON = 0.01
    # s_0 (ours), chart units²: the fixed variance of "mse", of the anchor and of the warm start,
    # and the value from which the learned variances start.
    confidence.REFERENCE_VARIANCE = 0.01
    # Weight (ours) of a squared-error term |δ|² / (2 s_0) kept beside the likelihood: without it
    # a shared variance can explain away the bias of a part.
    confidence.MSE_ANCHOR_WEIGHT = 0.0
    # Iterations (ours) that train the means alone, with |δ|² / (2 s_0), before the likelihood.
    confidence.WARM_START_ITERS = 0

    # β of β-NLL (ours; Seitzer et al. 2022), 0..1: 0 is the likelihood itself.
    confidence.BETA = 0.0

    # Predicted confidence of both segmentations, a factor of their scores, and its lower bound.
    segmentation = head.SEGM_CONFIDENCE = CN()
    segmentation.ENABLED = False
    segmentation.EPSILON = 0.01

    # Of DensePose's continuous surface embeddings and HRNet backbones, which are not here, so that
    # files merge which merely mention them; what names one is refused when it is built.
    head.CSE = CN(new_allowed=True)
    cfg.MODEL.HRNET = CN(new_allowed=True)


def _add_data_config(cfg: CN) -> None:
    # Angles of the rotation augmentation, degrees.
    cfg.INPUT.ROTATION_ANGLES = [0]
    cfg.TEST.AUG.ROTATION_ANGLES = ()
    # Where a predictor reads each person again, in a crop of their own (ours): the longer side of
    # their box in that crop, pixels, as a rule that of the people of the training; 0 for one look
    # alone. The crop has a margin on each side, a share of that length.
    cfg.TEST.SECOND_LOOK = CN()
    cfg.TEST.SECOND_LOOK.PERSON_SIZE = 0
    cfg.TEST.SECOND_LOOK.MARGIN = 0.25
    cfg.DATASETS.CATEGORY_MAPS = CN(new_allowed=True)
    cfg.DATASETS.WHITELISTED_CATEGORIES = CN(new_allowed=True)
    cfg.DATASETS.CLASS_TO_MESH_NAME_MAPPING = CN(new_allowed=True)
    # DensePose's training on a model's own predictions, which is not here: see
    # `check_training_data`.
    cfg.BOOTSTRAP_DATASETS = []
    cfg.BOOTSTRAP_MODEL = CN(new_allowed=True)


def _add_evaluation_config(cfg: CN) -> None:
    evaluation = cfg.DENSEPOSE_EVALUATION = CN()
    # DensePose's keys, so that its yaml files merge; ours always evaluates GPS and GPSm, in memory.
    evaluation.TYPE = "iou"
    evaluation.STORAGE = "none"
    evaluation.MIN_IOU_THRESHOLD = 0.5
    evaluation.DISTRIBUTED_INFERENCE = True
    evaluation.EVALUATE_MESH_ALIGNMENT = False
    evaluation.MESH_ALIGNMENT_MESH_NAMES = []
    # How detections are counted (ours): "strict", as COCO counts keypoints, or "reference", as
    # DensePose's evaluator does, from which most published numbers are; see
    # evaluation/protocols.py.
    evaluation.PROTOCOL = "strict"
    # κ (ours), metres: one length scale of GPS for the whole body, such as the 0.255 of 2018; 0 for
    # the challenges' definition, one a part.
    evaluation.KAPPA = 0.0
    # The surface on which distances are measured (ours): a path, or "" for the data set's own.
    evaluation.SURFACE = ""
    # Training images (ours) on which the single global variance of the likelihood table is
    # fitted.
    evaluation.GLOBAL_VARIANCE_IMAGES = 100
    # A file of tools/recalibrate.py (ours), whose factors predicted covariances are multiplied by
    # before likelihood and calibration are measured, or "" for the covariances as predicted.
    evaluation.RECALIBRATION = ""

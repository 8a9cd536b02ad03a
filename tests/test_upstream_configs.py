"""Chart-based yaml files of DensePose's form merge unchanged and build models of its names."""

from contextlib import nullcontext

import pytest
import torch
import yaml
from detectron2.modeling import build_model

from tests.uncertain_densepose.modeling.upstream_names import (
    decoder_names,
    deeplab_names,
    predictor_names,
    v1convx_names,
)
from uncertain_densepose import model_zoo
from uncertain_densepose.config import ConfigError, check_training_data, load_config
from uncertain_densepose.engine import trainer

HEAD = "MODEL.ROI_DENSEPOSE_HEAD."
BASE = """
MODEL:
  META_ARCHITECTURE: "GeneralizedRCNN"
  BACKBONE: {NAME: "build_resnet_fpn_backbone"}
  RESNETS: {OUT_FEATURES: ["res2", "res3", "res4", "res5"]}
  FPN: {IN_FEATURES: ["res2", "res3", "res4", "res5"]}
  ANCHOR_GENERATOR: {SIZES: [[32], [64], [128], [256], [512]], ASPECT_RATIOS: [[0.5, 1.0, 2.0]]}
  RPN: {IN_FEATURES: ["p2", "p3", "p4", "p5", "p6"], PRE_NMS_TOPK_TRAIN: 2000,
        PRE_NMS_TOPK_TEST: 1000, POST_NMS_TOPK_TRAIN: 1000, POST_NMS_TOPK_TEST: 1000}
  DENSEPOSE_ON: True
  ROI_HEADS: {NAME: "DensePoseROIHeads", IN_FEATURES: ["p2", "p3", "p4", "p5"], NUM_CLASSES: 1}
  ROI_BOX_HEAD: {NAME: "FastRCNNConvFCHead", NUM_FC: 2, POOLER_RESOLUTION: 7,
                 POOLER_SAMPLING_RATIO: 2, POOLER_TYPE: "ROIAlign"}
  ROI_DENSEPOSE_HEAD:
    NAME: "DensePoseV1ConvXHead"
    POOLER_TYPE: "ROIAlign"
    NUM_COARSE_SEGM_CHANNELS: 2
DATASETS:
  TRAIN: ("densepose_coco_2014_train", "densepose_coco_2014_valminusminival")
  TEST: ("densepose_coco_2014_minival",)
SOLVER:
  IMS_PER_BATCH: 16
  BASE_LR: 0.01
  STEPS: (60000, 80000)
  MAX_ITER: 90000
  WARMUP_FACTOR: 0.1
INPUT:
  MIN_SIZE_TRAIN: (640, 672, 704, 736, 768, 800)
VERSION: 2
"""
R_50 = 'MODEL: {WEIGHTS: "detectron2://ImageNetPretrained/MSRA/R-50.pkl", RESNETS: {DEPTH: 50}}\n'
R_101 = (
    'MODEL: {WEIGHTS: "detectron2://ImageNetPretrained/MSRA/R-101.pkl", RESNETS: {DEPTH: 101}}\n'
)
S1X = "SOLVER:\n  MAX_ITER: 130000\n  STEPS: (100000, 120000)\n"
CLIPPED = 'SOLVER: {CLIP_GRADIENTS: {ENABLED: True, CLIP_TYPE: "norm", CLIP_VALUE: 100.0}}\n'


def head(**values):
    return yaml.safe_dump({"MODEL": {"ROI_DENSEPOSE_HEAD": values}})


def confident(kind):
    return head(UV_CONFIDENCE={"ENABLED": True, "TYPE": kind}, POINT_REGRESSION_WEIGHTS=0.0005)


DL = head(NAME="DensePoseDeepLabHead")
SEGM = head(SEGM_CONFIDENCE={"ENABLED": True})
LEGACY = head(
    NUM_COARSE_SEGM_CHANNELS=15,
    POOLER_RESOLUTION=14,
    HEATMAP_SIZE=56,
    INDEX_WEIGHTS=2.0,
    PART_WEIGHTS=0.3,
    POINT_REGRESSION_WEIGHTS=0.1,
    DECODER_ON=False,
)
SLOWER = "SOLVER: {BASE_LR: 0.002}\n"
# The gradient is clipped as Detectron2 does by default: each value to 1.
CONFIDENT_TRAINING = "SOLVER: {CLIP_GRADIENTS: {ENABLED: True}}\n"
LONG_WARMUP = "SOLVER: {WARMUP_FACTOR: 0.025}\n"
EVOLUTION = (
    head(COARSE_SEGM_TRAINED_BY_MASKS=True, INDEX_WEIGHTS=1.0)
    + """
DATASETS:
  TRAIN: ("base_coco_2017_train", "densepose_coco_2014_train")
  CATEGORY_MAPS: {"base_coco_2017_train": {"16": 1, "17": 1}}
  WHITELISTED_CATEGORIES: {"base_coco_2017_train": [1, 16, 17]}
BOOTSTRAP_DATASETS:
  - DATASET: "chimpnsee"
    RATIO: 1.0
    IMAGE_LOADER: {TYPE: "video_keyframe", SELECT: {STRATEGY: "random_k", NUM_IMAGES: 4}}
    DATA_SAMPLER: {TYPE: "densepose_uniform", COUNT_PER_CLASS: 8}
BOOTSTRAP_MODEL: {WEIGHTS: "", DEVICE: "cuda"}
"""
)
TTA = """
TEST:
  AUG:
    ENABLED: True
    MIN_SIZES: (400, 500, 600)
    MAX_SIZE: 4000
    FLIP: True
    ROTATION_ANGLES: (0, 10)
INPUT:
  ROTATION_ANGLES: [0, 10]
"""
WRITTEN_OUT = """
MODEL:
  ROI_DENSEPOSE_HEAD:
    NAME: "DensePoseDeepLabHead"
    NUM_STACKED_CONVS: 4
    NUM_PATCHES: 24
    DECONV_KERNEL: 4
    CONV_HEAD_DIM: 128
    CONV_HEAD_KERNEL: 5
    UP_SCALE: 2
    HEATMAP_SIZE: 128
    POOLER_TYPE: "ROIAlignV2"
    POOLER_RESOLUTION: 32
    POOLER_SAMPLING_RATIO: 1
    NUM_COARSE_SEGM_CHANNELS: 15
    FG_IOU_THRESHOLD: 0.6
    DECODER_ON: True
    DECODER_NUM_CLASSES: 128
    DECODER_CONV_DIMS: 64
    DECODER_NORM: ""
    DECODER_COMMON_STRIDE: 4
    DEEPLAB: {NORM: "GN", NONLOCAL_ON: 1}
    PREDICTOR_NAME: "DensePoseChartWithConfidencePredictor"
    LOSS_NAME: "DensePoseChartWithConfidenceLoss"
    UV_CONFIDENCE: {ENABLED: True, EPSILON: 0.02, TYPE: "indep_aniso"}
    SEGM_CONFIDENCE: {ENABLED: True, EPSILON: 0.03}
    CSE: {EMBED_SIZE: 16, EMBEDDERS: {}, SHAPE_TO_SHAPE_CYCLE_LOSS: {ENABLED: False, NORM_P: 2}}
  HRNET: {STEM_INPLANES: 64, STAGE2: {NUM_MODULES: 1, BLOCK: "BASIC"}, HRFPN: {OUT_CHANNELS: 256}}
DATASETS:
  CATEGORY_MAPS: {}
  WHITELISTED_CATEGORIES: {}
  CLASS_TO_MESH_NAME_MAPPING: {"0": "smpl_27554"}
DENSEPOSE_EVALUATION:
  TYPE: "iou"
  STORAGE: "ram"
  MIN_IOU_THRESHOLD: 0.4
  DISTRIBUTED_INFERENCE: False
  EVALUATE_MESH_ALIGNMENT: False
  MESH_ALIGNMENT_MESH_NAMES: []
BOOTSTRAP_DATASETS: []
BOOTSTRAP_MODEL: {WEIGHTS: "", DEVICE: "cuda"}
"""
"""As in the config.yaml that DensePose's training writes into its output folder."""

FILES = {
    "R_50_FPN_s1x": (R_50, S1X),
    "R_50_FPN_s1x_legacy": (R_50, S1X, LEGACY),
    "R_50_FPN_WC1_s1x": (R_50, S1X, confident("iid_iso"), CLIPPED),
    "R_50_FPN_WC2M_s1x": (R_50, S1X, confident("indep_aniso"), SEGM, CLIPPED),
    "R_101_FPN_s1x": (R_101, S1X),
    "R_101_FPN_DL_s1x": (R_101, S1X, DL),
    "R_50_FPN_DL_WC1M_s1x": (R_50, S1X, DL, confident("iid_iso"), SEGM, CLIPPED),
    "R_50_FPN_WC1M_1x_evolution": (R_50, confident("iid_iso"), SEGM, EVOLUTION),
    "R_50_FPN_TTA": (R_50, S1X, TTA),
    "written_out": (R_101, S1X, WRITTEN_OUT),
}
"""Deltas over the base by names of the kind that DensePose gives; 's1x' is its schedule, 'DL' its
DeepLab head, 'WC1' and 'WC2' its two noise models, 'M' with confidence of the segmentation."""


def published_texts(name):
    """The deltas of a published model, told by its name: `R_50_FPN_DL_WC2M_s1x`."""
    words = name.split("_")
    texts = [R_101 if "101" in words else R_50, S1X]
    if "legacy" in words:
        texts += [LEGACY, SLOWER]
    if "DL" in words:
        texts.append(DL)
    for word in (word for word in words if word.startswith("WC")):
        texts += [confident({"1": "iid_iso", "2": "indep_aniso"}[word[2]]), CONFIDENT_TRAINING]
        texts += [] if "DL" in words else [LONG_WARMUP]
        texts += [SEGM] if word.endswith("M") else []
    # The only one of them.
    return [*texts, CLIPPED] if name == "R_50_FPN_WC1M_s1x" else texts


KEYS = [
    "MODEL.DENSEPOSE_ON",
    *(
        HEAD + key
        for key in (
            *("NAME", "NUM_STACKED_CONVS", "NUM_PATCHES", "DECONV_KERNEL", "CONV_HEAD_DIM"),
            *("CONV_HEAD_KERNEL", "UP_SCALE", "HEATMAP_SIZE", "POOLER_TYPE", "POOLER_RESOLUTION"),
            *("POOLER_SAMPLING_RATIO", "NUM_COARSE_SEGM_CHANNELS", "FG_IOU_THRESHOLD"),
            *("INDEX_WEIGHTS", "PART_WEIGHTS", "POINT_REGRESSION_WEIGHTS"),
            *("COARSE_SEGM_TRAINED_BY_MASKS", "DECODER_ON", "DECODER_NUM_CLASSES"),
            *("DECODER_CONV_DIMS", "DECODER_NORM", "DECODER_COMMON_STRIDE", "DEEPLAB.NORM"),
            *("DEEPLAB.NONLOCAL_ON", "PREDICTOR_NAME", "LOSS_NAME", "UV_CONFIDENCE.ENABLED"),
            *("UV_CONFIDENCE.EPSILON", "UV_CONFIDENCE.TYPE", "SEGM_CONFIDENCE.ENABLED"),
            "SEGM_CONFIDENCE.EPSILON",
        )
    ),
    *("INPUT.ROTATION_ANGLES", "TEST.AUG.ROTATION_ANGLES"),
    *("DATASETS.CATEGORY_MAPS", "DATASETS.WHITELISTED_CATEGORIES"),
    "DATASETS.CLASS_TO_MESH_NAME_MAPPING",
    *(
        f"DENSEPOSE_EVALUATION.{key}"
        for key in ("TYPE", "STORAGE", "MIN_IOU_THRESHOLD", "DISTRIBUTED_INFERENCE")
    ),
    "DENSEPOSE_EVALUATION.EVALUATE_MESH_ALIGNMENT",
    "DENSEPOSE_EVALUATION.MESH_ALIGNMENT_MESH_NAMES",
    *("BOOTSTRAP_DATASETS", "BOOTSTRAP_MODEL.WEIGHTS", "BOOTSTRAP_MODEL.DEVICE"),
]
"""All that DensePose adds to Detectron2's keys, but for those within CSE and HRNET."""


def merged(texts):
    """Nested dicts of yaml texts, a later one over an earlier one."""

    def merge(old, new):
        for key, value in new.items():
            both = isinstance(value, dict) and isinstance(old.get(key), dict)
            old[key] = merge(old[key], value) if both else value
        return old

    result = {}
    for text in texts:
        merge(result, yaml.safe_load(text))
    return result


def found(tree, key):
    """The value of a dotted key, None where it is not set."""
    for part in key.split("."):
        tree = tree.get(part) if isinstance(tree, dict) else None
    return tree


SET = {name: merged((BASE, *texts)) for name, texts in FILES.items()}
"""What the files set, with their base."""


def plain(value):
    """As yaml has it: lists for tuples, also for those that it has as text."""
    if isinstance(value, str) and value.startswith("("):
        value = yaml.safe_load("[" + value.strip("()").rstrip(",") + "]")
    return list(value) if isinstance(value, tuple) else value


def loaded(tmp_path, name, *overrides):
    """A file of `FILES` through its base, as DensePose's are."""
    return loaded_texts(tmp_path, name, FILES[name], *overrides)


def loaded_texts(tmp_path, name, texts, *overrides):
    """A file of deltas through its base."""
    (tmp_path / "Base.yaml").write_text(BASE)
    child = merged(texts)
    (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump({"_BASE_": "Base.yaml", **child}))
    return load_config(str(tmp_path / f"{name}.yaml"), overrides)


def expected_names(cfg):
    """Names and shapes of the dense-pose branch in DensePose's checkpoints."""
    options = cfg.MODEL.ROI_DENSEPOSE_HEAD
    channels = options.DECODER_NUM_CLASSES if options.DECODER_ON else 256
    size = channels, options.CONV_HEAD_DIM, options.NUM_STACKED_CONVS
    names = predictor_names(
        options.CONV_HEAD_DIM,
        options.NUM_COARSE_SEGM_CHANNELS,
        options.UV_CONFIDENCE.TYPE if options.UV_CONFIDENCE.ENABLED else None,
        options.SEGM_CONFIDENCE.ENABLED,
    )
    if options.NAME == "DensePoseDeepLabHead":
        names |= deeplab_names(*size, non_local=options.DEEPLAB.NONLOCAL_ON == 1)
    else:
        names |= v1convx_names(*size)
    if options.DECODER_ON:
        names |= decoder_names(256, options.DECODER_CONV_DIMS, options.DECODER_NUM_CLASSES)
    side = options.CONV_HEAD_KERNEL
    return {
        f"roi_heads.{name}": (*shape[:2], side, side) if is_kernel(name, shape) else shape
        for name, shape in names.items()
    }


def is_kernel(name, shape):
    return "body_conv_fcn" in name and len(shape) == 4


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_densepose_merges_and_builds_a_model_of_its_names(tmp_path, name):
    cfg = loaded(tmp_path, name, "MODEL.DEVICE", "meta")
    for key in (key for key in KEYS if found(SET[name], key) is not None):
        assert plain(found(cfg, key)) == plain(found(SET[name], key)), key
    with torch.device("meta"):
        state = build_model(cfg).state_dict()
    prefixes = tuple(f"roi_heads.{part}" for part in ("densepose_", "decoder."))
    branch = {k: tuple(v.shape) for k, v in state.items() if k.startswith(prefixes)}
    assert branch == expected_names(cfg)
    blocks = {int(key.split(".")[3]) for key in state if ".res4." in key}
    assert len(blocks) == {50: 6, 101: 23}[cfg.MODEL.RESNETS.DEPTH]


NAMES_OF_PARTS = "PREDICTOR_NAME", "LOSS_NAME"
"""Which DensePose has by default; ours are of the same code under both of its names."""


@pytest.mark.parametrize("name", model_zoo.BUILTIN.published())
def test_our_config_of_a_published_model_says_in_every_key_what_densepose_s_does(tmp_path, name):
    own = load_config(model_zoo.get_config_file(name), ["OUTPUT_DIR", "./output"])
    name = name.removeprefix("densepose/")
    theirs = loaded_texts(tmp_path, name, published_texts(name))
    for cfg in (own, theirs):
        for key in NAMES_OF_PARTS:
            cfg.MODEL.ROI_DENSEPOSE_HEAD.pop(key)
    assert yaml.safe_load(own.dump()) == yaml.safe_load(theirs.dump())


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_set_by_a_file(key):
    assert any(found(values, key) is not None for values in SET.values())


def test_a_config_that_was_written_out_is_read_again(tmp_path):
    cfg = loaded(tmp_path, "written_out")
    (tmp_path / "config.yaml").write_text(cfg.dump())
    again = load_config(str(tmp_path / "config.yaml"))
    assert yaml.safe_load(again.dump()) == yaml.safe_load(cfg.dump())


def test_embeddings_are_refused_in_a_line(tmp_path):
    named = HEAD + "PREDICTOR_NAME", "DensePoseEmbeddingPredictor"
    cfg = loaded(tmp_path, "R_50_FPN_s1x", "MODEL.DEVICE", "meta", *named)
    with (
        torch.device("meta"),
        pytest.raises(ConfigError, match="'DensePoseEmb.*not a predictor") as e,
    ):
        build_model(cfg)
    assert "CSE" in str(e.value) and "\n" not in str(e.value)


@pytest.mark.parametrize(
    ("overrides", "complaint"),
    [
        ((), "BOOTSTRAP_DATASETS asks"),
        (("BOOTSTRAP_DATASETS", []), "CATEGORY_MAPS changes .* base_coco_2017_train"),
        (
            ("BOOTSTRAP_DATASETS", [], "DATASETS.CATEGORY_MAPS", {}),
            "WHITELISTED_CATEGORIES changes .* base_coco_2017_train",
        ),
    ],
)
def test_training_refuses_what_it_would_have_to_ignore(tmp_path, overrides, complaint):
    cfg = loaded(tmp_path, "R_50_FPN_WC1M_1x_evolution", *overrides)
    with pytest.raises(ConfigError, match=complaint):
        check_training_data(cfg)


ON_ANNOTATIONS = "BOOTSTRAP_DATASETS", [], "DATASETS.TRAIN", ("densepose_coco_2014_train",)


@pytest.mark.parametrize(
    ("name", "overrides", "loaders"),
    [
        ("R_50_FPN_s1x", (), 1),
        ("written_out", (), 1),
        ("R_50_FPN_WC1M_1x_evolution", ON_ANNOTATIONS, 1),
        ("R_50_FPN_WC1M_1x_evolution", ON_ANNOTATIONS[:2], 0),
        ("R_50_FPN_WC1M_1x_evolution", (), 0),
    ],
)
def test_a_loader_is_built_for_files_that_ask_for_nothing_else(
    tmp_path, monkeypatch, name, overrides, loaders
):
    built = []
    monkeypatch.setattr(trainer, "DensePoseDatasetMapper", lambda cfg, is_train: is_train)
    monkeypatch.setattr(
        trainer, "build_train_loader", lambda cfg, mapper: built.append((cfg, mapper))
    )
    cfg = loaded(tmp_path, name, *overrides)
    with nullcontext() if loaders else pytest.raises(ConfigError):
        trainer.Trainer.build_train_loader(cfg)
    assert built == [(cfg, True)] * loaders

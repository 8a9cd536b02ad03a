"""Configs: DensePose's keys merge unchanged, and every child differs from its base by one thing."""

from pathlib import Path

import pytest
from detectron2.config import CfgNode, get_cfg

from uncertain_densepose import add_uncertain_densepose_config

CONFIGS = Path(__file__).parents[1] / "configs"
TYPES = {
    "mse": "mse",
    "iid": "iid_iso",
    "aniso": "indep_aniso",
    "full": "full",
    "full_similarity": "full_similarity",
}
BASES = {"": "Base-DensePose-RCNN-FPN.yaml", "synth/": "synth/Base-Synth-FPN.yaml"}
CHILDREN = [
    *((base, f"{folder}unc_{name}.yaml", name) for folder, base in BASES.items() for name in TYPES),
    ("synth/Base-Small-FPN.yaml", "synth/unc_full_small.yaml", "full"),
]

DENSEPOSE_YAML = """
MODEL:
  DENSEPOSE_ON: True
  ROI_HEADS: {NAME: "DensePoseROIHeads", NUM_CLASSES: 1}
  ROI_DENSEPOSE_HEAD:
    NAME: "DensePoseV1ConvXHead"
    NUM_STACKED_CONVS: 8
    NUM_PATCHES: 24
    DECONV_KERNEL: 4
    CONV_HEAD_DIM: 512
    CONV_HEAD_KERNEL: 3
    UP_SCALE: 2
    HEATMAP_SIZE: 112
    POOLER_TYPE: "ROIAlign"
    POOLER_RESOLUTION: 28
    POOLER_SAMPLING_RATIO: 2
    NUM_COARSE_SEGM_CHANNELS: 2
    FG_IOU_THRESHOLD: 0.7
    INDEX_WEIGHTS: 5.0
    PART_WEIGHTS: 1.0
    POINT_REGRESSION_WEIGHTS: 0.0005
    COARSE_SEGM_TRAINED_BY_MASKS: True
    DECODER_ON: True
    DECODER_NUM_CLASSES: 256
    DECODER_CONV_DIMS: 256
    DECODER_NORM: ""
    DECODER_COMMON_STRIDE: 4
    DEEPLAB: {NORM: "GN", NONLOCAL_ON: 0}
    PREDICTOR_NAME: "DensePoseChartWithConfidencePredictor"
    LOSS_NAME: "DensePoseChartWithConfidenceLoss"
    UV_CONFIDENCE: {ENABLED: True, EPSILON: 0.01, TYPE: "indep_aniso"}
    SEGM_CONFIDENCE: {ENABLED: False, EPSILON: 0.01}
INPUT: {ROTATION_ANGLES: [0]}
TEST: {AUG: {ROTATION_ANGLES: ()}}
DATASETS:
  CATEGORY_MAPS: {"a_data_set": {"17": 1}}
  WHITELISTED_CATEGORIES: {"a_data_set": [1]}
  CLASS_TO_MESH_NAME_MAPPING: {"0": "smpl_27554"}
DENSEPOSE_EVALUATION: {TYPE: "iou", STORAGE: "none", MIN_IOU_THRESHOLD: 0.5}
"""


def project_config():
    cfg = get_cfg()
    add_uncertain_densepose_config(cfg)
    return cfg


def flat(node, prefix=""):
    """A config as {dotted key: value}."""
    found = {}
    for key, value in node.items():
        name = f"{prefix}{key}"
        found.update(flat(value, f"{name}.") if isinstance(value, CfgNode) else {name: value})
    return found


def test_a_chart_based_yaml_of_densepose_merges_unchanged(tmp_path):
    path = tmp_path / "densepose.yaml"
    path.write_text(DENSEPOSE_YAML)
    cfg = project_config()
    cfg.merge_from_file(str(path))
    assert cfg.MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE.TYPE == "indep_aniso"
    assert cfg.MODEL.ROI_DENSEPOSE_HEAD.UV_REDUCTION == "sum"
    assert cfg.MODEL.ROI_DENSEPOSE_HEAD.POINT_CONVENTION == "densepose"


@pytest.mark.parametrize("base_file, child_file, name", CHILDREN)
def test_a_child_differs_from_its_base_by_the_noise_model(base_file, child_file, name):
    base, child = project_config(), project_config()
    base.merge_from_file(str(CONFIGS / base_file))
    child.merge_from_file(str(CONFIGS / child_file))
    assert child.MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE.TYPE == TYPES[name]
    before, after = flat(base), flat(child)
    different = {key for key in before if before[key] != after[key]}
    assert different <= {"MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE.TYPE", "OUTPUT_DIR"}

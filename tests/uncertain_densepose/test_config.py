"""Configs: every child differs from its base by one thing, and models of the zoo build."""

from pathlib import Path

import pytest
import torch
from detectron2.config import CfgNode, get_cfg
from detectron2.modeling import build_model

from uncertain_densepose import add_uncertain_densepose_config
from uncertain_densepose.config import ConfigError, load_config

CONFIGS = Path(__file__).parents[2] / "configs"
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
    ("synth/Base-ResNet18-FPN.yaml", "synth/unc_full_resnet18.yaml", "full"),
    *(
        (f"Base-{network}.yaml", f"unc_{name}_{network}_s1x.yaml", name)
        for network in ("R_50_FPN_DL", "R_101_FPN", "R_101_FPN_DL")
        for name in ("mse", "iid", "aniso", "full")
    ),
]
BACKBONE = {"MODEL.RESNETS.DEPTH", "MODEL.WEIGHTS"}
NETWORKS = [
    ("Base-DensePose-RCNN-FPN", "Base-R_50_FPN_DL", {"MODEL.ROI_DENSEPOSE_HEAD.NAME"}),
    ("Base-DensePose-RCNN-FPN", "Base-R_101_FPN", BACKBONE),
    ("Base-R_101_FPN", "Base-R_101_FPN_DL", {"MODEL.ROI_DENSEPOSE_HEAD.NAME"}),
    ("Base-R_50_FPN_DL", "Base-R_101_FPN_DL", BACKBONE),
]
ON_COCO = [child for _, child, _ in CHILDREN if "synth" not in child]


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


def merged(file):
    cfg = project_config()
    cfg.merge_from_file(str(CONFIGS / file))
    return cfg


def differences(one, other):
    """The keys whose values differ."""
    before, after = flat(merged(one)), flat(merged(other))
    assert before.keys() == after.keys()
    return {key for key in before if before[key] != after[key]}


@pytest.mark.parametrize("base, child, name", CHILDREN)
def test_a_child_differs_from_its_base_by_the_noise_model(base, child, name):
    assert merged(child).MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE.TYPE == TYPES[name]
    allowed = {"MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE.TYPE", "OUTPUT_DIR"}
    assert "OUTPUT_DIR" in differences(base, child) <= allowed


@pytest.mark.parametrize("one, other, keys", NETWORKS)
def test_networks_differ_by_the_backbone_or_the_head(one, other, keys):
    assert differences(f"{one}.yaml", f"{other}.yaml") == keys


@pytest.mark.parametrize("file", ON_COCO)
def test_a_model_for_densepose_coco_builds_and_has_the_schedule_of_densepose(file):
    cfg = merged(file)
    solver = cfg.SOLVER
    assert (solver.IMS_PER_BATCH, solver.BASE_LR) == (16, 0.01)
    assert (solver.MAX_ITER, solver.STEPS) == (130_000, (100_000, 120_000))
    assert cfg.OUTPUT_DIR == f"./output/{file.removesuffix('.yaml')}"
    cfg.MODEL.DEVICE = "meta"
    with torch.device("meta"):
        model = build_model(cfg)
    assert len(model.backbone.bottom_up.res4) == (23 if "R_101" in file else 6)
    assert hasattr(model.roi_heads.densepose_head, "ASPP") == ("_DL_" in file)
    shared = model.roi_heads.densepose_predictor.noise_model.shared_fields
    assert bool(shared) == ("full" in file)


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["INPUT.MIN_SIZE_TSET", "3"], r"INPUT.MIN_SIZE_TSET: .* did you mean INPUT.MIN_SIZE_TEST"),
        (["FOO.BAR", "1"], "FOO.BAR: the config has no such key"),
        (["SOLVER.BASE_LR", "0.1", "SEED"], "SEED has no value"),
        (["SEED", "1", "--eval-only"], "--eval-only comes after"),
        (["SOLVER.MAX_ITER", "abc"], "SOLVER.MAX_ITER is 'abc', expected a value like 900"),
        (["DATASETS.TRAIN", "people"], r"DATASETS.TRAIN is 'people', .* \('people',\)"),
    ],
)
def test_overrides_that_cannot_be_used_are_named(overrides, said):
    with pytest.raises(ConfigError, match=said):
        load_config("configs/synth/unc_full.yaml", overrides)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SOLVER: {MAX_ITR: 3}", "SOLVER.MAX_ITR"),
        ("SEED: [1", "while parsing"),
        ("SEED: x", "SEED"),
    ],
)
def test_a_file_that_cannot_be_merged_is_named(tmp_path, text, said):
    path = tmp_path / "a.yaml"
    path.write_text(f"VERSION: 2\n{text}\n")
    with pytest.raises(ConfigError, match=rf"a\.yaml: .*{said}"):
        load_config(str(path))

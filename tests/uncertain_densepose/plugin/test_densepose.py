"""The plug-in for DensePose's own package.

The fast tests train and predict through the stand-in of `upstream_stand_in/`, which has DensePose's
registries and call signatures and nothing of its code. The slow ones do the same with the real
package where it is installed, or with the checkout of projects/DensePose that the environment
variable DENSEPOSE_PROJECT names; they are skipped without.
"""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from detectron2.config import CfgNode, get_cfg

from uncertain_densepose import add_uncertain_densepose_config
from uncertain_densepose.plugin import densepose as plugin
from uncertain_densepose.plugin.densepose import UpstreamMissingError, add_missing_config, register

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
SCRIPT = HERE / "train_with_upstream.py"
REAL = os.environ.get("DENSEPOSE_PROJECT", "")
IS_THERE = bool(REAL) or importlib.util.find_spec("densepose") is not None
NOISE_LAYERS = ("sigma_2_lowres", "kappa_u_lowres", "kappa_v_lowres", "shared_variance")


def train(first: str, upstream: str, root: Path, out: Path) -> dict:
    """What the script found, having imported the project `first`."""
    out.mkdir(exist_ok=True)
    path = os.pathsep.join([upstream, str(ROOT / "projects"), str(ROOT)])
    environment = os.environ | {"DETECTRON2_DATASETS": str(root), "PYTHONPATH": path}
    command = [sys.executable, str(SCRIPT), first, str(out)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    logged = [json.loads(line) for line in (out / "metrics.json").read_text().splitlines()]
    return json.loads((out / "result.json").read_text()) | {"logged": logged[-1]}


def check(result: dict, sides: list[int]) -> None:
    """Assert that it trained all of `full`, and that its output is DensePose's with ours."""
    assert all(result["logged"][f"loss_densepose_{name}"] != 0 for name in ("UV", "I", "S"))
    assert set(result["moved"]) == set(result["layers"])
    assert {name.split(".")[0] for name in result["layers"]} >= {"ann_index_lowres", "u_lowres"}
    assert result["people"] == [3, 3]
    charts = [1, 25, *sides]
    assert result["one"] == {
        "coarse_segm": [1, 2, *sides],
        "shared_covariance": [1, 25, 2, 2],
        **dict.fromkeys(("fine_segm", "u", "v", "sigma_2", "kappa_u", "kappa_v"), charts),
    }
    # The means of two people, for DensePose's flip knows no confidence of ours.
    assert set(result["mirrored"]) == {"coarse_segm", "fine_segm", "u", "v"}
    assert result["mirrored"]["u"] == [2, 25, *sides]
    assert result["softplus"] < 1e-4


@pytest.mark.parametrize(
    ("first", "shared"), [("ours", "shared_variance_lowres"), ("upstream", "shared_variance")]
)
def test_full_trains_through_the_stand_in(first, shared, tiny_data_root, tmp_path):
    result = train(first, str(HERE / "upstream_stand_in"), tiny_data_root, tmp_path / "out")
    check(result, [112, 112])
    # Imported first, ours also has its own keys: SHARED_FROM "points" makes a map.
    layers = {name.split(".")[0] for name in result["layers"]}
    assert {*NOISE_LAYERS[:3], shared} < layers
    # Names of both are DensePose's in either order; those that it lacks stay ours.
    assert result["heads"].startswith("densepose.")
    assert result["datasets"]["densepose_coco_2014_train"] == "upstream.json"
    assert result["datasets"]["densepose_posetrack2017_val"].endswith("posetrack_val2017.json")


@pytest.mark.slow
@pytest.mark.skipif(not IS_THERE, reason="DensePose is not here; DENSEPOSE_PROJECT may name it")
@pytest.mark.parametrize("first", ["ours", "upstream"])
def test_full_trains_through_densepose_itself(first, tiny_data_root, tmp_path):
    result = train(first, REAL, tiny_data_root, tmp_path / "out")
    check(result, [112, 112])
    assert result["heads"].startswith("densepose.")


def test_without_densepose_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setattr(plugin, "_is_installed", lambda: False)
    with pytest.raises(UpstreamMissingError, match="not installed; install projects/DensePose"):
        register()


def test_a_folder_of_data_named_densepose_is_not_the_package(monkeypatch, tmp_path):
    (tmp_path / "densepose").mkdir()
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.delitem(sys.modules, "densepose", raising=False)
    importlib.invalidate_caches()
    assert importlib.util.find_spec("densepose") is not None
    with pytest.raises(UpstreamMissingError):
        register()


def test_only_missing_keys_are_added():
    cfg, ours = get_cfg(), get_cfg()
    add_uncertain_densepose_config(ours)
    head = cfg.MODEL.ROI_DENSEPOSE_HEAD = CfgNode({"NAME": "theirs", "UV_CONFIDENCE": {"TYPE": 7}})
    before = cfg.clone()
    add_missing_config(cfg)
    expected = ours.MODEL.ROI_DENSEPOSE_HEAD
    assert (head.NAME, head.UV_CONFIDENCE.TYPE) == ("theirs", 7)
    assert head.UV_CONFIDENCE.SHARED_FROM == expected.UV_CONFIDENCE.SHARED_FROM
    assert set(head) == set(expected) and set(head.UV_CONFIDENCE) == set(expected.UV_CONFIDENCE)
    del cfg.MODEL["ROI_DENSEPOSE_HEAD"], before.MODEL["ROI_DENSEPOSE_HEAD"]
    assert cfg == before

"""The commands of README and GETTING_STARTED, run as they stand in a folder with what they name."""

import os
import re
import subprocess
import sys

import cv2
import numpy as np
import pytest
import torch

from tests.tool_loader import ROOT
from tests.uncertain_densepose.surface.importers.densepose_files import (
    write_distances,
    write_subdiv,
    write_symmetry,
)

pytestmark = pytest.mark.slow

NOT_RUN = {
    "make setup": "installs the environment that the tests run in",
    "train_net.py --config-file configs/synth/unc_full.yaml\n": "trains for hours without a GPU",
    "configs/unc_full.yaml": "trains on DensePose-COCO, or evaluates there",
    "lazyconfig_train_net.py --config-file configs/lazy/unc_full.py": "trains on DensePose-COCO",
    "datasets/coco": "checks DensePose-COCO",
    "train_dancers.py": "is the reader's own script; the page's python block is checked",
    "my_train_net.py": "is the reader's own script; the page's python block is checked",
    "dancers/train.json": "checks the reader's own data",
}
"""What a block that is not run contains, and why it is not run."""

PAGES = "".join((ROOT / page).read_text() for page in ("README.md", "GETTING_STARTED.md"))
BLOCKS = [
    block
    for block in re.findall(r"^```sh\n(.*?)^```$", PAGES, re.M | re.S)
    if not any(words in block for words in NOT_RUN)
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, tiny_data_root, embedded_surface):
    """A clone with the tiny data set in place of the demo's, and untrained weights."""
    from detectron2.modeling import build_model

    from uncertain_densepose.config import load_config

    root = tmp_path_factory.mktemp("pages")
    for name in ("tools", "configs"):
        (root / name).symlink_to(ROOT / name)
    (root / "datasets").mkdir()
    for name in ("synth_people_demo", "synth_people_tiny"):
        (root / "datasets" / name).symlink_to(tiny_data_root / "synth_people_tiny")
    surface = next(path for path in tiny_data_root.glob("*.npz"))
    (root / "datasets" / surface.name).symlink_to(surface)
    cfg = load_config("configs/synth/unc_full.yaml", ["MODEL.DEVICE", "cpu"])
    weights = {"model": build_model(cfg).state_dict()}
    for model in ("demo", "synth_unc_full"):
        (root / "output" / model).mkdir(parents=True)
        torch.save(weights, root / "output" / model / "model_final.pth")
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (6, 96, 128, 3), dtype=np.uint8)
    (root / "photos").mkdir()
    cv2.imwrite(str(root / "photos/a.png"), frames[0])
    clip = cv2.VideoWriter(str(root / "clip.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), 5, (128, 96))
    for frame in frames:
        clip.write(frame)
    clip.release()
    write_own_body(root)
    return root


def write_own_body(root):
    """A mesh and its charts, and SMPL's files, of the tiny surface."""
    from tests.surface_factory import make_tiny_surface
    from tests.tools.test_misuse import obj_lines

    surface = make_tiny_surface()
    (root / "body.obj").write_text("\n".join(obj_lines(surface)))
    (root / "parts.txt").write_text("\n".join(map(str, surface.face_part)))
    write_subdiv(root, surface)
    distance = np.linalg.norm(surface.vertices[:, None] - surface.vertices, axis=-1)
    write_distances(root / "Pdist_matrix.pkl", distance)
    write_symmetry(root / "UV_symmetry_transforms.mat")


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: " ".join(block.split())[:90])
def test_a_command_of_a_page_runs(block, folder):
    environment = os.environ | {
        "PATH": os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"],
        "DETECTRON2_DATASETS": str(folder / "datasets"),
    }
    done = subprocess.run(
        ["bash", "-e", "-c", block], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_every_reason_is_needed():
    assert all(words in PAGES for words in NOT_RUN) and len(BLOCKS) >= 7

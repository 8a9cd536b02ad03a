"""Detectron2's own tools/train_net.py with two added lines."""

import json
import os
import subprocess
import sys
from pathlib import Path

import detectron2
import pytest

from tests.tiny_training import OPTIONS

STOCK = Path(detectron2.__file__).parents[1] / "tools" / "train_net.py"
"""Beside the package, in a checkout and in wheels."""

IMPORT = "from uncertain_densepose import DefaultTrainer, add_uncertain_densepose_config"
ADDED = {
    "from detectron2.modeling import GeneralizedRCNNWithTTA": IMPORT,
    "    cfg = get_cfg()": "    add_uncertain_densepose_config(cfg)",
}
"""What is added after which line."""


@pytest.mark.skipif(not STOCK.exists(), reason="this detectron2 came without its tools")
def test_two_added_lines_train_and_evaluate_dense_pose(tiny_data_root, tmp_path):
    lines = STOCK.read_text().splitlines()
    assert set(ADDED) < set(lines)
    copy = [text for line in lines for text in (line, ADDED.get(line)) if text is not None]
    assert len(copy) == len(lines) + 2
    script = tmp_path / "train_net.py"
    script.write_text("\n".join(copy))
    options = OPTIONS | {"SOLVER.MAX_ITER": "2", "OUTPUT_DIR": str(tmp_path / "out")}
    command = [sys.executable, str(script), "--config-file", "configs/synth/unc_full.yaml"]
    command += [word for pair in options.items() for word in pair]
    environment = os.environ | {"DETECTRON2_DATASETS": str(tiny_data_root)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]

    logged = [json.loads(x) for x in (tmp_path / "out" / "metrics.json").read_text().splitlines()]
    (trained,) = (record for record in logged if "total_loss" in record)
    assert all(trained[f"loss_densepose_{name}"] > 0 for name in ("UV", "I", "S"))
    written = tmp_path / "out" / "metrics_synth_people_tiny_val.json"
    # Box AP is by the script's own choice of an evaluator, the rest by the trainer's.
    assert {"bbox", "densepose_gps", "likelihood_gt_boxes"} < set(json.loads(written.read_text()))

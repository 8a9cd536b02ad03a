"""A training from the command line that takes seconds."""

import os
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

TOOL = Path(__file__).parents[1] / "tools" / "train_net.py"
OPTIONS = {
    "DATASETS.TRAIN": "('synth_people_tiny_train',)",
    "DATASETS.TEST": "('synth_people_tiny_val',)",
    "SOLVER.MAX_ITER": "3",
    "SOLVER.STEPS": "()",
    "SOLVER.IMS_PER_BATCH": "2",
    "SOLVER.CHECKPOINT_PERIOD": "2",
    "MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE.WARM_START_ITERS": "1",
    "MODEL.ROI_DENSEPOSE_HEAD.NUM_STACKED_CONVS": "1",
    "MODEL.ROI_DENSEPOSE_HEAD.CONV_HEAD_DIM": "16",
    "MODEL.FPN.OUT_CHANNELS": "32",
    "DENSEPOSE_EVALUATION.GLOBAL_VARIANCE_IMAGES": "4",
    "DATALOADER.NUM_WORKERS": "0",
    "MODEL.DEVICE": "cpu",
}


def train_net(root, *arguments, config="full", **changes):
    """Run the tool; a change is SECTION__KEY="value"."""
    options = OPTIONS | {key.replace("__", "."): value for key, value in changes.items()}
    command = [sys.executable, str(TOOL), "--config-file", f"configs/synth/unc_{config}.yaml"]
    command += [*arguments, *(word for pair in options.items() for word in pair)]
    environment = os.environ | {"DETECTRON2_DATASETS": str(root)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def trained_folder(root: Path) -> Path:
    """The output folder of three iterations, which the first test that asks for it runs."""
    out = root / "trained"
    with FileLock(f"{out}.lock"):
        if not (out / "model_final.pth").exists():
            done = train_net(root, OUTPUT_DIR=str(out))
            assert done.returncode == 0, done.stderr[-3000:]
    return out

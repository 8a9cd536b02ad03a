"""A training from the command line that takes seconds."""

import os
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

from lab.reproducibility.settings import TINY_TRAINING
from tests.tool_processes import run_forked

TOOLS = Path(__file__).parents[1] / "tools"
TOOL = TOOLS / "train_net.py"
OPTIONS = TINY_TRAINING | {
    "SOLVER.MAX_ITER": "3",
    "SOLVER.STEPS": "()",
    "SOLVER.CHECKPOINT_PERIOD": "2",
    "MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE.WARM_START_ITERS": "1",
    "MODEL.ROI_DENSEPOSE_HEAD.NUM_STACKED_CONVS": "1",
    "MODEL.ROI_DENSEPOSE_HEAD.CONV_HEAD_DIM": "16",
    "MODEL.FPN.OUT_CHANNELS": "32",
    "DENSEPOSE_EVALUATION.GLOBAL_VARIANCE_IMAGES": "4",
}
LAZY_OPTIONS = (
    "dataloader.train.dataset.names=[synth_people_tiny_train]",
    "dataloader.test.dataset.names=synth_people_tiny_val",
    "dataloader.train.num_workers=0",
    "dataloader.test.num_workers=0",
    "dataloader.train.total_batch_size=2",
    "evaluation.variance_loader.dataset.count=4",
    "model.backbone.out_channels=32",
    "model.proposal_generator.head.in_channels=32",
    "model.roi_heads.box_head.input_shape.channels=32",
    "model.roi_heads.densepose_head.input_channels=32",
    "model.roi_heads.densepose_head.conv_dim=16",
    "model.roi_heads.densepose_head.num_convs=1",
    "model.roi_heads.densepose_loss.warm_start_iters=1",
    "train.max_iter=2",
    "train.checkpointer.period=1",
    "train.device=cpu",
)
"""The same of configs/lazy/synth_unc_full.py."""


def train_command(*arguments, config="full", **changes):
    """Words of the tool's command line; a change is SECTION__KEY="value"."""
    options = OPTIONS | {key.replace("__", "."): value for key, value in changes.items()}
    command = [str(TOOL), "--config-file", f"configs/synth/unc_{config}.yaml"]
    return [*command, *arguments, *(word for pair in options.items() for word in pair)]


def train_net(root, *arguments, **changes):
    """Run the tool, arguments as for `train_command`."""
    return run_forked(train_command(*arguments, **changes), DETECTRON2_DATASETS=str(root))


def lazy_train_net(root, out, *arguments):
    """Run the tool of python configs; its options are KEY=VALUE."""
    command = [
        str(TOOLS / "lazyconfig_train_net.py"),
        "--config-file",
        "configs/lazy/synth_unc_full.py",
    ]
    flags = [word for word in arguments if word.startswith("--")]
    pairs = [word for word in arguments if not word.startswith("--")]
    command += [*flags, *LAZY_OPTIONS, f"train.output_dir={out}", *pairs]
    return run_forked(command, DETECTRON2_DATASETS=str(root))


def trained_folder(root: Path) -> Path:
    """The output folder of three iterations, which the first test that asks for it runs."""
    out = root / "trained"
    with FileLock(f"{out}.lock"):
        if not (out / "model_final.pth").exists():
            # In an interpreter of its own, as users run it.
            command = [sys.executable, *train_command(OUTPUT_DIR=str(out))]
            environment = os.environ | {"DETECTRON2_DATASETS": str(root)}
            done = subprocess.run(command, env=environment, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr[-3000:]
    return out

"""The command line of `python -m lab.release_checkpoint`."""

from __future__ import annotations

import argparse
from pathlib import Path

from uncertain_densepose.cli.options import add_device, add_out_folder, make_parser

from .limits import MAX_SHIPPED_BYTES

PAGE = Path(__file__).resolve().parents[2] / "MODEL_ZOO.md"

_EPILOGUE = """\
DIR gets
  model_final_<6 digits of its SHA-256>.safetensors  the weights
  model_final_<6 digits of its SHA-256>.pkl          the same for Detectron2's own tools
  metrics.json                                       what the released file reaches

Refused are checkpoints of another config, of a training that has not ended or is not of this
project's tools/train_net.py, weights that are not finite, and numbers of MODEL_ZOO.md that differ
from those stated by more than 0.5 percentage points or 0.02 nats.

example:
  python -m lab.release_checkpoint configs/synth/unc_full_small.yaml \\
      output/synth_unc_full_small/model_final.pth \\
      output/synth_unc_full_small/metrics_synth_people_upright_val_annotator.json \\
      --out output/release --half --ship --licence Apache-2.0
"""


def build_parser(description: str | None = None) -> argparse.ArgumentParser:
    """The command line."""
    parser = make_parser(description, _EPILOGUE)
    add = parser.add_argument
    add("config", metavar="CONFIG", type=Path, help="a config of the zoo, which has one test set")
    add("checkpoint", metavar="CHECKPOINT", help="model_final.pth of its training")
    add(
        "metrics",
        metavar="METRICS.json",
        type=Path,
        help="metrics_<data set>.json that the training wrote",
    )
    add_out_folder(add)
    add("--licence", required=True, metavar="TEXT", help="of the weights, such as 'CC BY-NC 4.0'")
    add("--half", action="store_true", help="write weights in half precision")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument(
        "--ship",
        action="store_true",
        help=f"put the weights into the package, up to {MAX_SHIPPED_BYTES / 1e6:.0f} MB",
    )
    where.add_argument(
        "--address", metavar="URL", help="https address under which both files will be found"
    )
    add_device(add)
    add("--zoo", type=Path, metavar="DIR", help="folder of another zoo (default: the package's)")
    add(
        "--page",
        type=Path,
        default=PAGE,
        metavar="FILE",
        help="the zoo's page (default: MODEL_ZOO.md of the repository)",
    )
    return parser

#!/usr/bin/env python
"""Results as one html file: metrics side by side, figures, and images whose pixels can be read.

The file holds all that it shows, needs no server and loads nothing. In its gallery the pixel under
the pointer, the finger or the keyboard's cursor shows part, u, v, sigma in cm and p(right part).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from uncertain_densepose.cli import run_tool
from uncertain_densepose.cli.options import make_parser, whole_number

EPILOGUE = """\
Every RESULTS is a run of its own, a column of the tables. It is a folder, in which are shown
  metrics_<data set>.json   metrics: of tools/train_net.py, which also writes them with --eval-only
  metrics.json              the same: of tools/evaluate.py --out and tools/demo.py
  figures_<data set>/*.png  figures: of tools/train_net.py
  *.png                     figures: of other tools, unless there is a predictions.json
  predictions.json, *.npz   people, for the gallery: of tools/apply_net.py dump
or a .json file of metrics alone. Folders inside of it are RESULTS of their own.

The images of a predictions.json are looked for where it says, from here and from its folder; give
--images if they have moved. Those that are gone are named at the end and the rest is shown.

examples:
  # one model: its metrics, its figures and its predictions
  python tools/apply_net.py dump photos --config-file configs/synth/unc_full.yaml \\
      --weights output/demo/model_final.pth --out output/predictions
  python tools/report.py output/demo/training output/predictions --out output/report.html

  # models compared: a column each
  python tools/report.py output/mse output/unc_full --out output/compared.html --title "Two losses"

  # a small file of many large images that have moved
  python tools/report.py output/predictions --images /data/photos --max-images 12 --max-side 320 \\
      --out output/report.html
"""


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = make_parser(__doc__, EPILOGUE)
    add = parser.add_argument
    add("results", nargs="+", type=Path, metavar="RESULTS", help="folders to show, see below")
    add("--out", required=True, type=Path, metavar="FILE.html", help="file to write")
    add("--title", default="Dense pose results", help="of the page (default: %(default)s)")
    add("--images", type=Path, metavar="DIR", help="folder to look for the images in first")
    text = "show at most N images of each RESULTS, evenly spread (default: %(default)s)"
    add("--max-images", type=whole_number, default=40, metavar="N", help=text)
    add(
        "--max-side",
        type=whole_number,
        default=512,
        metavar="PIXELS",
        help="scale larger images down; a pixel that is shown has the values of the image's pixel "
        "under its centre (default: %(default)s)",
    )
    return parser


@run_tool
def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    args = build_parser().parse_args(arguments)
    from uncertain_densepose.cli.report_page import write_report

    for note in write_report(args):
        print(f"note: {note}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python
"""Collect results in one html page: metrics side by side, figures, and a gallery of images.

The page is a single file that needs no server and no network. Point at a pixel of the gallery, with
mouse, finger or arrow keys, to read its part, u, v, sigma in cm and probability of the part.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from uncertain_densepose.cli import run_tool
from uncertain_densepose.cli.options import make_parser, number

EPILOGUE = """\
Each RESULTS is one run, and one column of the tables. It is a .json file of metrics, or a folder
with any of
  metrics_<data set>.json   metrics, from tools/train_net.py (training or --eval-only)
  metrics.json              metrics, from tools/evaluate.py --out and tools/demo.py
  figures_<data set>/*.png  figures, from tools/train_net.py
  *.png                     figures, from other tools; ignored beside a predictions.json
  predictions.json, *.npz   people for the gallery, from tools/apply_net.py dump
Subfolders are not searched: give them as RESULTS of their own.

The paths of images in predictions.json are tried relative to the working directory and to its own
folder; use --images if they have moved. Outside of --images and of its own folder, only files that
the run read (by done.jsonl) and that have not changed since are shown, so that results from others
cannot take private pictures of yours into the page. Images not shown are listed at the end.

examples:
  # one model: its metrics, its figures and its predictions
  python tools/apply_net.py dump photos --config-file configs/synth/unc_full.yaml \\
      --weights output/demo/model_final.pth --out output/predictions
  python tools/report.py output/demo/training output/predictions --out output/report.html

  # models compared: a column each
  python tools/report.py output/mse output/unc_full --out output/compared.html --title "Two losses"

  # a small page of many large images that have moved
  python tools/report.py output/predictions --images /data/photos --max-images 12 --max-side 320 \\
      --out output/report.html
"""


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = make_parser(__doc__, EPILOGUE)
    add = parser.add_argument
    add("results", nargs="+", type=Path, metavar="RESULTS", help="folders or files, see below")
    add("--out", required=True, type=Path, metavar="FILE.html", help="page to write")
    add("--title", default="Dense pose results", help="title of the page (default: %(default)s)")
    add("--images", type=Path, metavar="DIR", help="folder that now has the images")
    text = "show at most N images of each RESULTS, evenly spaced (default: %(default)s)"
    add("--max-images", type=number(int, 1), default=40, metavar="N", help=text)
    add(
        "--max-side",
        type=number(int, 1),
        default=512,
        metavar="PIXELS",
        help="scale larger images down to this side; a shown pixel has the values of the image "
        "pixel under its centre (default: %(default)s)",
    )
    return parser


@run_tool
def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    args = build_parser().parse_args(arguments)
    from uncertain_densepose.cli.report_page import write_page

    for note in write_page(args):
        print(f"note: {note}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python
"""Render people and annotate them: a COCO data set with noisy DensePose labels and the truth.

Images show one to three people among objects, those of `street` up to eight. Writes into --out:
  images/train/000000.jpg ...   the images
  train.json, val.json          boxes, masks, keypoints, noisy dense labels (dp_U), the truth
                                (dp_U_true), the noise (dp_noise), joints in space, cameras
  shards/, *.json               finished work, for resuming and checking

On one machine the same preset and seed give the same bytes, whatever --workers. The same command
resumes an interrupted run, also on another machine with the same --surface. --backgrounds puts
photographs behind people; panoramas (.hdr, .exr, "pano" in the name) also light them.

Clothes are painted on, but in `photo` and `street` they stand off the skin, whose labels they have.

presets:
{presets}

examples:
  python tools/make_synthetic_dataset.py --preset tiny --out /tmp/people --figure /tmp/people.png
  python tools/make_synthetic_dataset.py --preset street --backgrounds backgrounds --workers 2
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from synthetic_people.presets import PRESETS, preset_table
from uncertain_densepose.cli import options, run_tool
from uncertain_densepose.surface.paths import data_root


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = options.make_parser(__doc__.format(presets=preset_table()))
    add = parser.add_argument
    add("--preset", choices=PRESETS, default="demo", help="size, see above (default: %(default)s)")
    options.add_seed(add, "seed of people, scenes and labels, at least 0")
    options.add_workers(add, 1)
    text = "output folder (default: synth_people_PRESET in $DETECTRON2_DATASETS or ./datasets)"
    add("--out", type=Path, metavar="DIR", help=text)
    options.add_surface(add, "embedded surface, built if missing")
    add("--backgrounds", type=Path, metavar="DIR", help="photographs; painted ones if left out")
    add("--overwrite", action="store_true", help="replace another data set in --out")
    add("--figure", type=options.new_picture, metavar="FILE", help="also draw a contact sheet")
    return parser


@partial(run_tool, error_status=1)
def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    args = build_parser().parse_args(arguments)
    from synthetic_people.dataset import make_dataset, summary_text

    out = args.out or data_root() / f"synth_people_{args.preset}"
    started = time.perf_counter()
    try:
        summary = make_dataset(
            *(out, args.preset, args.seed, args.workers, args.surface),
            backgrounds=args.backgrounds,
            overwrite=args.overwrite,
            progress=True,
        )
    except KeyboardInterrupt as stop:
        raise KeyboardInterrupt(f"interrupted; run it again to resume {out}") from stop
    print(summary_text(summary, time.perf_counter() - started))
    if args.figure is not None:
        from synthetic_people.contact_sheet import draw_contact_sheet

        draw_contact_sheet(out, "train", args.figure)
        print(f"figure: {args.figure}")


if __name__ == "__main__":
    sys.exit(main())

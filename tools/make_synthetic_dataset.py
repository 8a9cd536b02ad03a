#!/usr/bin/env python
"""Render people and annotate them: a COCO data set with noisy DensePose labels and the clean truth.

One to three people of varied shape and pose stand, walk or sit among things, before quiet and busy
backgrounds, seen by varied cameras. Into --out go

  images/train/000000.jpg ...   the pictures
  train.json, val.json          boxes, masks, keypoints with true visibility, dense labels with
                                noise (dp_U, dp_V), the truth (dp_U_true, dp_V_true), the noise's
                                parameters (dp_noise), joints in camera coordinates, cameras
  shards/, *.json               what is done, for resuming and checking

On one machine the same preset and seed give the same bytes, whatever --workers; another kind of
processor and other versions of libraries round otherwise. A run that was interrupted goes on with
the same command, on another machine with the same --surface; damaged images are made again; a
complete set is checked and left alone.

presets:
{presets}

examples:
  python tools/make_synthetic_dataset.py --preset demo --workers 2
  python tools/make_synthetic_dataset.py --preset tiny --out /tmp/people --figure /tmp/people.png
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from synthetic_people.dataset import make_dataset
from synthetic_people.presets import PRESETS
from uncertain_densepose.surface import default_surface_path
from uncertain_densepose.surface.paths import data_root


def parse(arguments: list[str] | None) -> argparse.Namespace:
    table = "\n".join(
        f"  {name:6} {preset.train:5} train, {preset.val:4} val, "
        f"{' '.join(f'{w}x{h}' for w, h in preset.image_sizes)}: {preset.purpose}"
        for name, preset in PRESETS.items()
    )
    parser = argparse.ArgumentParser(
        description=__doc__.format(presets=table),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--preset", choices=PRESETS, default="demo", help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="at least 0; default: %(default)s")
    parser.add_argument("--workers", type=int, default=1, help="processes; default: %(default)s")
    parser.add_argument(
        "--out",
        type=Path,
        help="folder; default: synth_people_PRESET in $DETECTRON2_DATASETS (or ./datasets)",
    )
    parser.add_argument(
        "--surface",
        type=Path,
        default=default_surface_path(),
        help="embedded surface, built if it is not there; default: %(default)s",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace a data set of other parameters in --out"
    )
    parser.add_argument(
        "--figure", type=Path, help="also draw a contact sheet: pictures, parts, points, keypoints"
    )
    options = parser.parse_args(arguments)
    if options.seed < 0:
        parser.error(f"--seed must be at least 0, not {options.seed}")
    if options.workers < 1:
        parser.error(f"--workers must be at least 1, not {options.workers}")
    return options


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    out = options.out or data_root() / f"synth_people_{options.preset}"
    started = time.perf_counter()
    try:
        summary = make_dataset(
            out,
            options.preset,
            options.seed,
            options.workers,
            options.surface,
            overwrite=options.overwrite,
            progress=True,
        )
    except (ValueError, ImportError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\ninterrupted; the same command goes on with {out}", file=sys.stderr)
        return 130
    seconds = time.perf_counter() - started
    state = f"{summary.made} images made in {seconds:.0f} s" if summary.made else "complete"
    print(f"{out}: {state}, {summary.reused} were there")
    for split, numbers in summary.statistics.items():
        print(
            f"  {split:5} {numbers['images']} images, {numbers['people']} people, "
            f"{numbers['people_with_dense_labels']} of them with {numbers['points']} points; "
            f"{100 * numbers['clipped_label_share']:.2f} % of the labels clipped"
        )
    if options.figure is not None:
        from synthetic_people.contact_sheet import draw_contact_sheet

        draw_contact_sheet(out, "train", options.figure)
        print(f"figure: {options.figure}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

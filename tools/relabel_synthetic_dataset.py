#!/usr/bin/env python
"""Relabel a rendered data set with other label noise: "noise worlds".

Takes a data set of tools/make_synthetic_dataset.py, where the truth of every labelled point is
known. Beside its train.json and val.json, writes <split>_<world>.json: the same images, people and
points, with the labels that annotators of that world would have given.

worlds:
  clean      labels equal the truth
  iid        each point has its own independent error, of the same total size as in `shared`
  shared     the points of a person's body part also share an error; its size depends half on what
             the image shows (size, occlusion, blur, view) and half on the annotator
  annotator  annotators click on rendered views of the parts, as DensePose's did: parts are shifted,
             rotated and scaled on the view, sometimes by a lot, and left and right are confused

Each file has the constants of the noise in info.noise_world, and for each point the parameters of
its error in dp_noise (see info.conventions.dp_noise). dp_U_true and dp_V_true stay the truth; where
annotators confuse parts, dp_I_true is the true part. On one machine the same seed gives the same
labels. Data sets are registered as synth_people_PRESET_SPLIT_WORLD, e.g.
synth_people_demo_train_annotator.

examples:
  python tools/relabel_synthetic_dataset.py --data datasets/synth_people_demo
  python tools/relabel_synthetic_dataset.py --data datasets/synth_people_demo --world annotator
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from synthetic_people.presets import SPLITS
from synthetic_people.worlds import WORLDS
from uncertain_densepose.cli import run_tool
from uncertain_densepose.cli.options import add_seed, add_surface, make_parser


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = make_parser(__doc__)
    add = parser.add_argument
    add("--data", type=Path, required=True, metavar="DIR", help="folder of the rendered data set")
    for kind, metavar, names in (("world", "NAME", tuple(WORLDS)), ("split", "SPLIT", SPLITS)):
        text = f"one or more of {', '.join(names)} (default: all)"
        several = {"nargs": "+", "choices": names, "default": names}
        add(f"--{kind}", metavar=metavar, help=text, **several)
    add_seed(add, "seed of the annotators, at least 0")
    add_surface(add, "surface file that the data set was made with")
    return parser


@run_tool
def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    args = build_parser().parse_args(arguments)
    from synthetic_people.worlds.relabel import write_worlds

    for path in write_worlds(args.data, args.split, args.world, args.seed, args.surface):
        print(path)


if __name__ == "__main__":
    sys.exit(main())

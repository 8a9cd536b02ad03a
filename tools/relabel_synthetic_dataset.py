#!/usr/bin/env python
"""Give the people of a rendered data set the labels of other annotators: noise worlds.

A data set of tools/make_synthetic_dataset.py knows the truth of every labelled point. Beside its
train.json and val.json this tool writes <split>_<world>.json: the same pictures, people and points
with the labels that the annotators of that world would have given.

worlds:
  clean      labels are the truth
  iid        every point errs on its own, as much as in `shared`
  shared     the points of a part of a person share an error besides; how large it is can be half
             seen in the picture (size, occlusion, blur, view), half is the annotator's
  annotator  annotators click on rendered views of the parts, as DensePose's do: parts are shifted,
             turned and scaled on the view, sometimes by far, and sides are confused

Each file's info.noise_world holds all constants; each point's dp_noise what its error was drawn
with (info.conventions.dp_noise says what is what). dp_U_true and dp_V_true stay the truth; where
annotators mistake parts, dp_I_true is the true part. On one machine the same seed gives the same
labels. Data sets are registered as synth_people_PRESET_SPLIT_WORLD, for example
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
        text = f"of {', '.join(names)} (default: all)"
        several = {"nargs": "+", "choices": names, "default": names}
        add(f"--{kind}", metavar=metavar, help=text, **several)
    add_seed(add, "of the annotators, at least 0; default: %(default)s")
    add_surface(add, "the surface that the data set was made with")
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

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
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from synthetic_people.presets import SPLITS
from synthetic_people.requirements import MissingExtraError
from synthetic_people.worlds import WORLDS
from synthetic_people.worlds.relabel import Source, SourceFileError, write_world
from uncertain_densepose.structures.coco_annotation import AnnotationFileError
from uncertain_densepose.surface import Surface, SurfaceFileError, default_surface_path

USER_ERRORS = (AnnotationFileError, MissingExtraError, OSError, SourceFileError, SurfaceFileError)


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--data", type=Path, required=True, metavar="DIR", help="folder of the rendered data set")
    add(
        "--world",
        nargs="+",
        choices=tuple(WORLDS),
        default=tuple(WORLDS),
        metavar="NAME",
        help=f"of {', '.join(WORLDS)} (default: all)",
    )
    add(
        "--split",
        nargs="+",
        choices=SPLITS,
        default=SPLITS,
        metavar="SPLIT",
        help=f"of {', '.join(SPLITS)} (default: all)",
    )
    add("--seed", type=int, default=0, help="of the annotators, at least 0; default: %(default)s")
    add(
        "--surface",
        type=Path,
        default=default_surface_path(),
        metavar="FILE",
        help="the surface that the data set was made with; default: %(default)s",
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; what the user got wrong ends it with a message and status 2."""
    parser = build_parser()
    args = parser.parse_args(arguments)
    if args.seed < 0:
        parser.error(f"--seed must be at least 0, not {args.seed}")
    try:
        surface = Surface.load(args.surface)
        worlds = {name: WORLDS[name](surface) for name in args.world}
        for split in args.split:
            source = Source.load(args.data, split, surface)
            for name, world in worlds.items():
                with tqdm(
                    total=source.num_people, desc=f"{split} {name}", unit="person", disable=None
                ) as bar:
                    path = write_world(source, name, world, args.seed, bar.update)
                print(path)
    except USER_ERRORS as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()

#!/usr/bin/env python
"""Measure how far annotators' labels are off, and paint the mean error on the body.

Reads a COCO file whose dense-pose labels come with the truth (dp_U_true, dp_V_true), as
tools/make_synthetic_dataset.py and tools/relabel_synthetic_dataset.py write them. Prints a table of
errors by body part and writes a picture of the body, seen from the front and the back.

The error of a point is the geodesic distance between its labelled and its true place on the body.
As in DensePose's annotator study (Guler, Neverova, Kokkinos, CVPR 2018), the errors of each person
are interpolated over the body, with normal weights that end at two bandwidths, and then averaged
over people. Places where nobody has a point that near are grey. Distances are read between the
vertices of the surface's geodesic table, about 1 cm apart.

example:
  python tools/annotator_error.py --out annotators.png \\
      --annotations datasets/synth_people_demo/train_annotator.json
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from uncertain_densepose.cli import options, run_tool


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = options.make_parser(__doc__)
    add = parser.add_argument
    add(
        "--annotations",
        type=Path,
        required=True,
        metavar="JSON",
        help="COCO file with labels and their truth",
    )
    add("--out", type=Path, required=True, metavar="FIG", help="picture to write, e.g. errors.png")
    add("--json", type=Path, metavar="FILE", help="also write all numbers, per vertex too")
    options.add_surface(add, "surface file of the annotations")
    add(
        "--bandwidth-cm",
        type=options.finite_above_zero,
        default=3.0,
        metavar="CM",
        help="standard deviation of the interpolation weights (default: %(default)s)",
    )
    add(
        "--limit-cm",
        type=options.above_zero,
        default=30.0,
        metavar="CM",
        help="count larger errors as this much, so that a few confused sides do not outweigh all "
        "else; inf for no limit, as in DensePose's study (default: %(default)s)",
    )
    return parser


@run_tool
def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    args = build_parser().parse_args(arguments)
    options.check_new_file(args.out)
    options.check_new_file(args.json, "--json")
    from synthetic_people.annotator_report import report_annotators

    print(
        report_annotators(
            args.annotations, args.surface, args.out, args.json, args.bandwidth_cm, args.limit_cm
        )
    )


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python
"""Measure annotators where the truth is known, and paint their errors on the body.

The protocol is that of DensePose's authors (Guler, Neverova, Kokkinos, CVPR 2018): the error of an
annotated point is the geodesic distance between its true place on the body and the labelled one;
the errors of each person are interpolated over the surface, and people are averaged. A point counts
within twice the bandwidth; the weights fall off as a normal density. Grey is where nobody has a
point that near. Distances are those of the body's table, whose vertices are about 1 cm apart.

The annotations must know the truth: those of tools/make_synthetic_dataset.py and of the noise
worlds of tools/relabel_synthetic_dataset.py do.

example:
  python tools/annotator_error.py --out annotators.png \\
      --annotations datasets/synth_people_demo/train_annotator.json
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from uncertain_densepose.cli import run_tool
from uncertain_densepose.cli.options import (
    above_zero,
    add_surface,
    finite_above_zero,
    make_parser,
)


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = make_parser(__doc__)
    add = parser.add_argument
    add("--annotations", type=Path, required=True, metavar="JSON", help="annotated people")
    add("--out", type=Path, required=True, metavar="FIG", help="picture to write, for example .png")
    add("--json", type=Path, metavar="FILE", help="also write all numbers, those of vertices too")
    add_surface(add, "body of the annotations")
    add(
        "--bandwidth-cm",
        type=finite_above_zero,
        default=3.0,
        metavar="CM",
        help="standard deviation of the interpolation's weights; default: %(default)s",
    )
    add(
        "--limit-cm",
        type=above_zero,
        default=30.0,
        metavar="CM",
        help="larger errors count for this much, which keeps a few confused sides from outweighing "
        "all other errors; inf for no limit, as DensePose's authors have it; default: %(default)s",
    )
    return parser


@run_tool
def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    args = build_parser().parse_args(arguments)
    from synthetic_people.annotator_report import report_annotators

    print(
        report_annotators(
            args.annotations, args.surface, args.out, args.json, args.bandwidth_cm, args.limit_cm
        )
    )


if __name__ == "__main__":
    sys.exit(main())

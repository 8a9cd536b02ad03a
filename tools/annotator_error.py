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
import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from tabulate import tabulate

from synthetic_people.annotator_error import (
    LabelledTruth,
    mean_error_on_surface,
    part_table,
    point_errors_m,
)
from uncertain_densepose.evaluation.points.surface_distance import SurfaceDistance
from uncertain_densepose.structures.coco_annotation import AnnotationFileError
from uncertain_densepose.surface import Surface, SurfaceFileError, default_surface_path
from uncertain_densepose.surface.geodesic_kernel import REACH_IN_BANDWIDTHS
from uncertain_densepose.visualization.body_figure import draw_face_values

USER_ERRORS = (AnnotationFileError, OSError, SurfaceFileError)


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--annotations", type=Path, required=True, metavar="JSON", help="annotated people")
    add("--out", type=Path, required=True, metavar="FIG", help="picture to write, for example .png")
    add("--json", type=Path, metavar="FILE", help="also write all numbers, those of vertices too")
    add(
        "--surface",
        type=Path,
        default=default_surface_path(),
        metavar="FILE",
        help="body of the annotations; default: %(default)s",
    )
    add(
        "--bandwidth-cm",
        type=_positive,
        default=3.0,
        metavar="CM",
        help="standard deviation of the interpolation's weights; default: %(default)s",
    )
    add(
        "--limit-cm",
        type=_positive_or_infinite,
        default=30.0,
        metavar="CM",
        help="larger errors count for this much, which keeps a few confused sides from outweighing "
        "all other errors; inf for no limit, as DensePose's authors have it; default: %(default)s",
    )
    return parser


def _positive_or_infinite(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not value > 0:
        raise argparse.ArgumentTypeError(f"must be a number above 0, not {text!r}")
    return value


def _positive(text: str) -> float:
    value = _positive_or_infinite(text)
    if math.isinf(value):
        raise argparse.ArgumentTypeError("must be finite")
    return value


def check_output(path: Path) -> str | None:
    """What is wrong with a file to write a picture to; None if nothing is."""
    formats = sorted(Figure().canvas.get_supported_filetypes())
    if path.suffix[1:] not in formats:
        return f"--out {path}: the name must end in one of .{', .'.join(formats)}"
    if not path.parent.is_dir():
        return f"--out {path}: there is no folder {path.parent}"
    return None


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; what the user got wrong ends it with a message and status 2."""
    parser = build_parser()
    args = parser.parse_args(arguments)
    complaint = check_output(args.out)
    if complaint is not None:
        parser.error(complaint)
    try:
        distance = SurfaceDistance.load(args.surface)
        surface = distance.surface
        points = LabelledTruth.load(args.annotations)
        error_m, vertex = point_errors_m(points, distance)
        error_cm = np.minimum(100 * error_m, args.limit_cm)
        mean_cm, people = mean_error_on_surface(
            surface, vertex, error_cm, points.person, args.bandwidth_cm / 100
        )
        table = part_table(error_cm, points)
        draw(surface, mean_cm, args.limit_cm, args.out)
        if args.json is not None:
            write_json(args, surface, table, mean_cm, people)
    except USER_ERRORS as error:
        parser.error(str(error))
    rows = [
        [name, row["points"], row["mean"], row["median"], row["p90"], 100 * row["other_chart"]]
        for name, row in table.items()
    ]
    headers = ["part", "points", "mean cm", "median cm", "90 % cm", "other chart %"]
    print(tabulate(rows, headers, floatfmt=("", "", ".2f", ".2f", ".2f", ".1f")))
    seen = np.isfinite(mean_cm)
    print(f"\nmean over the body's vertices: {mean_cm[seen].mean():.2f} cm", end="")
    print(f" ({100 * seen.mean():.1f} % of them within reach of a point)")
    print(f"figure: {args.out}")


def draw(surface: Surface, mean_cm: np.ndarray, limit_cm: float, path: Path) -> None:
    """Paint the mean error; the scale ends where it leaves out one vertex in 200."""
    label = "mean annotator error (cm)"
    if math.isfinite(limit_cm):
        label += f", at most {limit_cm:g} a point"
    face_cm = mean_cm[surface.faces].mean(axis=1)
    vmax = float(np.nanquantile(mean_cm, 0.995))
    draw_face_values(surface, face_cm, label, path, vmax)


def write_json(
    args: argparse.Namespace,
    surface: Surface,
    table: dict[str, dict],
    mean_cm: np.ndarray,
    people: np.ndarray,
) -> None:
    """Write the table and the values of all vertices."""
    content = {
        "annotations": str(args.annotations),
        "surface": surface.name,
        "bandwidth_cm": args.bandwidth_cm,
        "reach_cm": REACH_IN_BANDWIDTHS * args.bandwidth_cm,
        "limit_cm": args.limit_cm if math.isfinite(args.limit_cm) else None,
        "error_cm": table,
        "vertex_mean_error_cm": [
            round(v, 3) if math.isfinite(v) else None for v in mean_cm.tolist()
        ],
        "vertex_people": people.tolist(),
    }
    args.json.write_text(json.dumps(content) + "\n")


if __name__ == "__main__":
    main()

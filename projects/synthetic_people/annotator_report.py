"""The report of tools/annotator_error.py: a table, a picture of the body, and all numbers."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from tabulate import tabulate

from uncertain_densepose.errors import UserError
from uncertain_densepose.evaluation.points.surface_distance import SurfaceDistance
from uncertain_densepose.surface import Surface
from uncertain_densepose.surface.geodesic_kernel import REACH_IN_BANDWIDTHS
from uncertain_densepose.visualization.body_figure import draw_face_values

from .annotator_error import LabelledTruth, mean_error_on_surface, part_table, point_errors_m


class PictureFileError(UserError, ValueError):
    """A file to which a picture cannot be written."""


def report_annotators(
    annotations: Path,
    surface_file: Path,
    out: Path,
    json_file: Path | None,
    bandwidth_cm: float,
    limit_cm: float,
) -> str:
    """Measure annotators, draw --out and write --json.

    Args:
        annotations, surface_file: COCO file, and the body that it is on.
        out, json_file: picture and numbers to write.
        bandwidth_cm: standard deviation of the interpolation's weights.
        limit_cm: what larger errors count for, may be infinite.

    Returns:
        the table as text.

    Raises:
        PictureFileError, AnnotationFileError, SurfaceFileError: a file cannot be used.
    """
    check_picture_file(out)
    distance = SurfaceDistance.load(surface_file)
    surface = distance.surface
    points = LabelledTruth.load(annotations)
    error_m, vertex = point_errors_m(points, distance)
    error_cm = np.minimum(100 * error_m, limit_cm)
    mean_cm, people = mean_error_on_surface(
        surface, vertex, error_cm, points.person, bandwidth_cm / 100
    )
    table = part_table(error_cm, points)
    draw_mean_error(surface, mean_cm, limit_cm, out)
    if json_file is not None:
        content = {
            "annotations": str(annotations),
            "surface": surface.name,
            "bandwidth_cm": bandwidth_cm,
            "reach_cm": REACH_IN_BANDWIDTHS * bandwidth_cm,
            "limit_cm": limit_cm if math.isfinite(limit_cm) else None,
            "error_cm": table,
            "vertex_mean_error_cm": [
                round(v, 3) if math.isfinite(v) else None for v in mean_cm.tolist()
            ],
            "vertex_people": people.tolist(),
        }
        json_file.write_text(json.dumps(content) + "\n")
    return f"{table_text(table)}\n\n{mean_text(mean_cm)}\nfigure: {out}"


def check_picture_file(path: Path) -> None:
    """Refuse a file to which a picture cannot be written.

    Raises:
        PictureFileError: its ending is not that of a picture, or its folder does not exist.
    """
    formats = sorted(Figure().canvas.get_supported_filetypes())
    if path.suffix[1:] not in formats:
        endings = ", .".join(formats)
        raise PictureFileError(f"--out {path}: the name must end in one of .{endings}")
    if not path.parent.is_dir():
        raise PictureFileError(f"--out {path}: its folder {path.parent} does not exist")


def table_text(table: dict[str, dict]) -> str:
    """The table of `part_table`, of errors in cm, as text; a row for each part."""
    rows = [
        [name, row["points"], row["mean"], row["median"], row["p90"], 100 * row["other_chart"]]
        for name, row in table.items()
    ]
    headers = ["part", "points", "mean cm", "median cm", "90 % cm", "other chart %"]
    return tabulate(rows, headers, floatfmt=("", "", ".2f", ".2f", ".2f", ".1f"))


def mean_text(mean_cm: np.ndarray) -> str:
    """In words: the mean of (V,) errors over the vertices that have one, cm; NaN elsewhere."""
    seen = np.isfinite(mean_cm)
    return (
        f"mean over the body's vertices: {mean_cm[seen].mean():.2f} cm "
        f"({100 * seen.mean():.1f} % of them within reach of a point)"
    )


def draw_mean_error(surface: Surface, mean_cm: np.ndarray, limit_cm: float, path: Path) -> None:
    """Write a picture of (V,) mean errors, cm; the colour scale leaves out one vertex in 200."""
    label = "mean annotator error (cm)"
    if math.isfinite(limit_cm):
        label += f", at most {limit_cm:g} a point"
    face_cm = mean_cm[surface.faces].mean(axis=1)
    vmax = float(np.nanquantile(mean_cm, 0.995))
    draw_face_values(surface, face_cm, label, path, vmax)

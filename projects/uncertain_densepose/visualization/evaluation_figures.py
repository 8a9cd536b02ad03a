"""All figures of an evaluation, written to a folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ..evaluation.points.calibration import CalibrationTotals
from ..evaluation.points.correspondence import CorrespondenceTotals
from ..surface import Surface
from .accuracy_curve import draw_accuracy_curve
from .body_figure import draw_part_values
from .reliability_curve import draw_reliability_curve
from .sparsification_curve import draw_sparsification_curve


def draw_correspondence_figures(
    folder: str | os.PathLike, correspondence: Mapping[str, CorrespondenceTotals], surface: Surface
) -> None:
    """Write `correspondence_accuracy.png` and, for each entry, `part_errors_<name>.png`.

    Args:
        folder: created if missing.
        correspondence: by a name such as "detected boxes"; entries without points are left out, and
            nothing is written if none is left.
        surface: of the annotations.
    """
    shown = {k: totals for k, totals in correspondence.items() if totals.by_part.num_points.any()}
    if not shown:
        return
    folder = _made(folder)
    curves = {}
    for name, totals in shown.items():
        curves[name] = totals.by_part.curve()
        curves[f"{name}, centre of the predicted chart"] = totals.trivial.curve()
        path = folder / f"part_errors_{name.replace(' ', '_')}.png"
        label = "mean error (cm), at most 30 a point"
        draw_part_values(surface, totals.part_error_cm(), label, path)
    draw_accuracy_curve(curves, folder / "correspondence_accuracy.png")


def draw_calibration_figures(
    folder: str | os.PathLike, calibration: Mapping[str, CalibrationTotals]
) -> None:
    """Write `reliability.png` and `sparsification.png`, the latter of errors in centimetres.

    Args:
        folder: created if missing.
        calibration: by a name such as "detected boxes"; entries without points, e.g. of models
            without a covariance, are left out, and nothing is written if none is left.
    """
    shown = {name: totals for name, totals in calibration.items() if totals.num_points}
    if not shown:
        return
    folder = _made(folder)
    draw_reliability_curve(
        {k: (t.quantile_curve(), t.distance_quantiles()) for k, t in shown.items()},
        folder / "reliability.png",
    )
    curves = {name: totals.cm.sparsification() for name, totals in shown.items()}
    draw_sparsification_curve(curves, folder / "sparsification.png")


def _made(folder: str | os.PathLike) -> Path:
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return folder

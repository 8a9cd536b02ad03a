"""The curve of correspondence accuracy: the share of points within a distance."""

from __future__ import annotations

import os
from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

LIMIT_CM = 30.0
"""End of the curve, centimetres: the limit of the area AUC₃₀."""

_CM_PER_M = 100.0


def draw_accuracy_curve(
    distances_m: Mapping[str, np.ndarray], path: str | os.PathLike, limit_cm: float = LIMIT_CM
) -> None:
    """Write the picture, in the format that the file's ending names.

    Args:
        distances_m: name of a curve to the errors (P,) of its points in metres, infinite ones
            included; a curve without points is left out.
        path: where to write.
        limit_cm: end of the curve, centimetres.
    """
    figure = Figure(figsize=(6, 4.5), layout="constrained")
    axes = figure.add_subplot()
    for name, distance_m in distances_m.items():
        if len(distance_m) == 0:
            continue
        distance_cm = np.sort(_CM_PER_M * np.asarray(distance_m, dtype=np.float64))
        shown = distance_cm[distance_cm <= limit_cm]
        share = 100 * np.arange(len(shown) + 1) / len(distance_cm)
        # The share is that of the points below a distance: it rises at each of them.
        axes.step([0, *shown, limit_cm], [*share, share[-1]], where="post", label=name)
    axes.set(
        xlim=(0, limit_cm),
        ylim=(0, 100),
        xlabel="geodesic distance t (cm)",
        ylabel="points closer than t (%)",
    )
    axes.grid(alpha=0.3)
    if axes.lines:
        axes.legend(loc="lower right")
    figure.savefig(path, dpi=100)

"""The plot of correspondence accuracy: the share of points within a distance."""

from __future__ import annotations

import os
from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from ..evaluation.points.distance_totals import AccuracyCurve


def draw_accuracy_curve(curves: Mapping[str, AccuracyCurve], path: str | os.PathLike) -> None:
    """Plot the share of points within a distance (cm).

    Args:
        curves: by name; curves without points (NaN) are left out.
        path: the file; its suffix sets the format.
    """
    figure = Figure(figsize=(6, 4.5), layout="constrained")
    axes = figure.add_subplot()
    limit_cm = 1.0
    for name, curve in curves.items():
        if np.isnan(curve.share).any():
            continue
        axes.plot(curve.distance_cm, 100 * curve.share, label=name)
        limit_cm = curve.distance_cm[-1]
    axes.set(
        xlim=(0, limit_cm),
        ylim=(0, 100),
        xlabel="geodesic distance t (cm)",
        ylabel="points closer than t (%)",
    )
    axes.grid(alpha=0.3)
    if axes.lines:
        axes.legend(loc="best")
    figure.savefig(path, dpi=100)

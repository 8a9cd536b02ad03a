"""Are the points with the largest predicted error those with the largest error?"""

from __future__ import annotations

import os
from collections.abc import Mapping

from matplotlib.figure import Figure

from ..evaluation.points.calibration import SparsificationCurve, area_under_sparsification


def draw_sparsification_curve(
    curves: Mapping[str, SparsificationCurve], path: str | os.PathLike
) -> None:
    """Plot the mean error of the points left after removing the least certain ones.

    Each curve has a dashed oracle, which removes by the true error, and the area between the two
    (AUSE) in the legend. A curve that stays at 100 % ranks points no better than chance.

    Args:
        curves: by name; those without points (NaN) are left out.
        path: the file; its suffix sets the format.
    """
    figure = Figure(figsize=(6, 4.8), layout="constrained")
    axes = figure.add_subplot()
    for name, curve in curves.items():
        if curve.error.isnan().any():
            continue
        removed, ause = 100 * curve.removed, area_under_sparsification(curve)
        (line,) = axes.plot(removed, 100 * curve.error, label=f"{name} (AUSE {ause:.3f})")
        axes.plot(
            removed,
            100 * curve.oracle,
            label=f"{name}, oracle",
            color=line.get_color(),
            linestyle="--",
            linewidth=1,
        )
    axes.axhline(100, color="0.5", linestyle=":", linewidth=1, label="random order")
    axes.set(
        xlim=(0, 100),
        xlabel="points removed, those of the largest predicted error first (%)",
        ylabel="mean error of the rest (% of that of all)",
    )
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    axes.legend(loc="lower left")
    figure.savefig(path, dpi=100)

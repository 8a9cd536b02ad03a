"""Whether the points of the largest predicted error are those of the largest error."""

from __future__ import annotations

import os
from collections.abc import Mapping

from matplotlib.figure import Figure

from ..evaluation.points.calibration import SparsificationCurve, area_under_sparsification


def draw_sparsification_curve(
    curves: Mapping[str, SparsificationCurve], path: str | os.PathLike
) -> None:
    """Write the picture, in the format that the file's ending names.

    Each curve has its oracle, dashed, in the same colour, and the area between them (AUSE) in the
    legend. A curve that falls to its oracle's ranks points as well as their errors would; one that
    stays at 100 % ranks them no better than chance.

    Args:
        curves: by name; one without points (NaN) is left out.
        path: where to write.
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

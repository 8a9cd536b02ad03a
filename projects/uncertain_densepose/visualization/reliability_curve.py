"""Do ellipses contain as many annotations as they claim? Coverage and quantiles of distances."""

from __future__ import annotations

import os
from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..evaluation.points.calibration import (
    COVERAGE_LEVELS,
    DistanceQuantiles,
    QuantileCurve,
    quantile_error,
)

_PERFECT = {"color": "0.5", "linestyle": "--", "linewidth": 1, "zorder": 1}


def draw_reliability_curve(
    curves: Mapping[str, tuple[QuantileCurve, DistanceQuantiles]], path: str | os.PathLike
) -> None:
    """Plot the calibration of models; a calibrated model is on the diagonal of both plots.

    Left: observed against nominal share of points in an ellipse. Right, on logarithmic axes:
    quantiles of the squared Mahalanobis distance against those of χ²₂.

    Args:
        curves: by name, for the same points; those without points (NaN) are left out.
        path: the file; its suffix sets the format.
    """
    figure = Figure(figsize=(10, 4.8), layout="constrained")
    coverage, distances = figure.subplots(1, 2)
    for name, (shares, quantiles) in curves.items():
        if not shares.observed.isnan().any():
            _add_coverage(coverage, name, shares)
            distances.plot(quantiles.expected, quantiles.observed)
    coverage.plot([0, 100], [0, 100], label="perfect", **_PERFECT)
    coverage.set(
        title="coverage: below the diagonal, too sure",
        xlim=(0, 100),
        ylim=(0, 100),
        xlabel="nominal share of points in the ellipse (%)",
        ylabel="observed share (%)",
        aspect="equal",
    )
    coverage.legend(loc="upper left")
    distances.set(
        title="distances: above the diagonal, too sure",
        xscale="log",
        yscale="log",
        xlabel="quantile of χ² with 2 degrees of freedom",
        ylabel="quantile of the squared Mahalanobis distance",
    )
    distances.axline((1, 1), (2, 2), **_PERFECT)
    for axes in (coverage, distances):
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=100)


def _add_coverage(axes: Axes, name: str, curve: QuantileCurve) -> None:
    label = f"{name} ({100 * quantile_error(curve):.1f} % off)"
    (line,) = axes.plot(100 * curve.nominal, 100 * curve.observed, label=label)
    # The levels that are in the tables.
    at = [int((curve.nominal - level).abs().argmin()) for level in COVERAGE_LEVELS]
    axes.plot(
        100 * curve.nominal[at], 100 * curve.observed[at], "o", color=line.get_color(), markersize=5
    )

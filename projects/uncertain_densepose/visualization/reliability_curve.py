"""Whether ellipses hold as many annotations as they say: coverage, and quantiles of distances."""

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
    """Write the picture, in the format that the file's ending names.

    On the left the observed against the nominal share of points in an ellipse; on the right, on
    logarithmic axes, the quantiles of the squared Mahalanobis distance against those of χ²₂. Both
    are on the diagonal for a model that knows its errors.

    Args:
        curves: by name, of the shares and of the distances of the same points; one without points
            (NaN) is left out.
        path: where to write.
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
    # The ellipses that tables name.
    at = [int((curve.nominal - level).abs().argmin()) for level in COVERAGE_LEVELS]
    axes.plot(
        100 * curve.nominal[at], 100 * curve.observed[at], "o", color=line.get_color(), markersize=5
    )

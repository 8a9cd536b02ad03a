"""Are the answers that a model is surest of the right ones?"""

from __future__ import annotations

import os
from collections.abc import Mapping

from matplotlib.figure import Figure

from ..evaluation.keypoints.ranking import RiskCoverage

_LEAST_RANGE = 5.0
"""Percent, for curves that are all but 0."""


def draw_risk_coverage(
    panels: Mapping[str, Mapping[str, RiskCoverage]], path: str | os.PathLike
) -> None:
    """Plot the share of wrong answers among the most certain ones, a panel for each way to be
    wrong.

    A curve that stays level ranks answers no better than chance.

    Args:
        panels: by the title of the panel, curves by name with their mean risk (AURC); those without
            answers (NaN) are left out.
        path: the file; its suffix sets the format.
    """
    figure = Figure(figsize=(5.2 * len(panels), 4.4), layout="constrained")
    for place, (title, curves) in enumerate(panels.items(), start=1):
        axes = figure.add_subplot(1, len(panels), place)
        for name, curve in curves.items():
            area = curve.area()
            if area == area:
                label = f"{name} (AURC {100 * area:.1f} %)"
                axes.plot(100 * curve.coverage, 100 * curve.risk, label=label)
        axes.set(
            xlim=(0, 100),
            title=title,
            xlabel="answers kept, the most certain ones (%)",
            ylabel="wrong among them (%)",
        )
        axes.set_ylim(0, max(axes.get_ylim()[1], _LEAST_RANGE))
        axes.grid(alpha=0.3)
        if axes.lines:
            axes.legend(loc="lower right")
    figure.savefig(path, dpi=100)

"""The figures of the report; colours of Okabe & Ito (2008), and a marker for each besides."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from uncertain_densepose.evaluation.points.correspondence import THRESHOLDS_CM

from ..metrics.noise_ratio import PART_GROUPS
from .noise import NOISE_TITLES, NOMINAL_PERCENT
from .rows import BASELINE, CHALLENGER, MODEL_ORDER, WORLD_ORDER, ExperimentResults
from .statistics import Spread

PANEL_INCHES = (3.6, 3.2)

Look = tuple[str, str]
"""Colour and marker."""

_LOOKS: tuple[Look, ...] = (
    ("#000000", "o"),
    ("#E69F00", "s"),
    ("#56B4E9", "^"),
    ("#D55E00", "D"),
    ("#009E73", "v"),
    ("#CC79A7", "P"),
    ("#0072B2", "X"),
)
"""Of the first name, the second, and so on."""

GAIN_THRESHOLDS_CM = (1, 2, 5, 10)


def accuracy_curves(results: ExperimentResults, figure: Figure) -> None:
    """Share of points within a distance of the truth, and below it less that of the baseline.

    A column a world, a line a model.
    """
    looks = _looks(MODEL_ORDER, _models(results))
    worlds = results.worlds()
    figure.set_size_inches(0.8 * PANEL_INCHES[0] * len(worlds), 1.7 * PANEL_INCHES[1])
    gains = None
    for column, world in enumerate(worlds, start=1):
        curves = figure.add_subplot(2, len(worlds), column, title=world)
        place = len(worlds) + column
        gains = figure.add_subplot(2, len(worlds), place, sharex=curves, sharey=gains)
        for model in results.models(world):
            metrics = [f"within_{t}cm_truth_given" for t in THRESHOLDS_CM]
            spreads = [results.spread(world, model, metric) for metric in metrics]
            _line(curves, THRESHOLDS_CM, spreads, looks[model], model)
            spreads = [results.difference(world, m, model, BASELINE) for m in metrics]
            _line(gains, THRESHOLDS_CM, spreads, looks[model], model)
        gains.set(xscale="log", xlabel="distance to the true point (cm)")
        gains.set_xticks(THRESHOLDS_CM, [str(t) for t in THRESHOLDS_CM])
        gains.minorticks_off()
        curves.tick_params(labelbottom=False)
        for axes in (curves, gains):
            axes.grid(alpha=0.3)
        if column == 1:
            curves.set_ylabel("points within (%)")
            gains.set_ylabel(f"less that of {BASELINE} (% points)")


def nats_per_model(results: ExperimentResults, figure: Figure) -> None:
    """Nats per point under each noise model, a panel a world."""
    looks = _looks(MODEL_ORDER, _models(results))
    for world, axes in _panels(results, figure):
        for place, model in enumerate(results.models(world)):
            spreads = [
                results.spread(world, model, f"nats_per_point_{noise}") for noise in NOISE_TITLES
            ]
            # Beside each other, so that equal values can be told apart.
            x = np.arange(len(spreads)) + 0.12 * place - 0.24
            _line(axes, x, spreads, looks[model], model, linestyle="")
        names = ["own", "factors", "shared", "shared,\nfactor"]
        axes.set(xticks=range(len(names)), xticklabels=names, ylabel="nats per point")
        axes.set_xlabel("what is fitted to held-out labels")


def part_mean_coverage(results: ExperimentResults, figure: Figure) -> None:
    """Nominal against observed coverage of part means, a panel a world."""
    looks = _looks(MODEL_ORDER, _models(results))
    for world, axes in _panels(results, figure):
        axes.plot([0, 100], [0, 100], color="0.7", linewidth=1)
        for model in results.models(world):
            spreads = [
                results.spread(world, model, f"coverage_part_mean_{level}_own")
                for level in NOMINAL_PERCENT
            ]
            _line(axes, NOMINAL_PERCENT, spreads, looks[model], model)
        axes.set(
            xlim=(45, 100),
            ylim=(0, 100),
            xticks=NOMINAL_PERCENT,
            xlabel="nominal coverage (%)",
            ylabel="part means inside (%)",
        )


def gain_against_length(results: ExperimentResults, figure: Figure) -> None:
    """Gain of the full model within thresholds against training steps, a panel a world."""
    for world, axes in _panels(results, figure, share_y=True):
        axes.axhline(0, color="0.7", linewidth=1)
        lengths = results.steps(world)
        for threshold, look in zip(GAIN_THRESHOLDS_CM, _LOOKS[1:], strict=False):
            metric = f"within_{threshold}cm_truth_given"
            spreads = [
                results.difference(world, metric, CHALLENGER, BASELINE, steps) for steps in lengths
            ]
            _line(axes, lengths, spreads, look, f"{threshold} cm")
        axes.set(xlabel="training steps", ylabel=f"{CHALLENGER} − {BASELINE} (% points)")


def gain_against_noise(results: ExperimentResults, figure: Figure) -> None:
    """Gain of the full model against label noise over the baseline's error, a point a limb.

    The larger symbols with a line are the whole body along training.
    """
    axes = figure.add_subplot()
    axes.axhline(0, color="0.7", linewidth=1)
    for world, (colour, marker) in _looks(WORLD_ORDER, results.worlds()).items():
        lengths = results.steps(world)
        ratio = [results.spread(world, BASELINE, "noise_to_error", s).mean for s in lengths]
        gain = [_area_gain(results, world, steps=steps) for steps in lengths]
        axes.plot(ratio, gain, color=colour, marker=marker, linewidth=1, label=world)
        axes.scatter(
            [results.spread(world, BASELINE, f"noise_to_error-{n}").mean for n in PART_GROUPS],
            [_area_gain(results, world, f"-{name}") for name in PART_GROUPS],
            color=colour,
            marker=marker,
            s=14,
            alpha=0.5,
        )
    axes.set(
        xlabel=f"RMS label noise / RMS error of {BASELINE}",
        ylabel=f"AUC10, {CHALLENGER} − {BASELINE} (% points)",
    )


FIGURE_DRAWERS: dict[str, Callable[[ExperimentResults, Figure], None]] = {
    "accuracy_curves": accuracy_curves,
    "nats": nats_per_model,
    "part_mean_coverage": part_mean_coverage,
    "gain_against_length": gain_against_length,
    "gain_against_noise": gain_against_noise,
}
"""File name without its ending to what draws it."""


def _area_gain(
    results: ExperimentResults, world: str, limb: str = "", steps: int | None = None
) -> float:
    metric = f"AUC10_truth_given{limb}"
    return results.difference(world, metric, CHALLENGER, BASELINE, steps).mean


def write_figures(results: ExperimentResults, folder: str | os.PathLike) -> list[Path]:
    """Draw all of `FIGURE_DRAWERS` as PNG, and give their paths; the folder is made if absent."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    paths = []
    for name, draw in FIGURE_DRAWERS.items():
        figure = Figure(layout="constrained", figsize=(4.5, 3.6))
        draw(results, figure)
        _add_legend(figure)
        paths.append(Path(folder) / f"{name}.png")
        figure.savefig(paths[-1], dpi=80)
    return paths


def _panels(
    results: ExperimentResults, figure: Figure, share_y: bool = False
) -> list[tuple[str, Axes]]:
    """One a world, side by side, two in a row."""
    worlds = results.worlds()
    columns = min(2, len(worlds))
    rows = -(-len(worlds) // columns)
    figure.set_size_inches(PANEL_INCHES[0] * columns, PANEL_INCHES[1] * rows)
    panels: list[tuple[str, Axes]] = []
    for place, world in enumerate(worlds, start=1):
        first = panels[0][1] if panels and share_y else None
        axes = figure.add_subplot(rows, columns, place, sharey=first)
        axes.set_title(world, fontsize=10)
        axes.grid(alpha=0.3)
        panels.append((world, axes))
    return panels


def _models(results: ExperimentResults) -> list[str]:
    return [model for world in results.worlds() for model in results.models(world)]


def _looks(usual: Sequence[str], names: Sequence[str]) -> dict[str, Look]:
    """By name; the usual ones look the same in all figures, whether they are there or not."""
    every = dict.fromkeys([*usual, *names])
    by_name = dict(zip(every, itertools.cycle(_LOOKS), strict=False))
    return {name: by_name[name] for name in names}


def _add_legend(figure: Figure) -> None:
    """One for all panels, below them."""
    handles: dict[str, Artist] = {}
    for axes in figure.axes:
        lines, names = axes.get_legend_handles_labels()
        handles |= dict(zip(names, lines, strict=True))
    figure.legend(handles.values(), handles, loc="outside lower center", ncols=5, fontsize=9)


def _line(
    axes: Axes,
    x: Sequence[float] | np.ndarray,
    spreads: Sequence[Spread],
    look: Look,
    label: str,
    linestyle: str = "-",
) -> None:
    """Means with bars of one standard deviation over seeds."""
    colour, marker = look
    axes.errorbar(
        x,
        [spread.mean for spread in spreads],
        yerr=np.nan_to_num([spread.deviation for spread in spreads]),
        color=colour,
        marker=marker,
        markersize=4,
        linewidth=1.2,
        linestyle=linestyle,
        capsize=2,
        label=label,
    )

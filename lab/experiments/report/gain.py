"""Tables of differences between models, paired by seed: the headline question and its controls."""

from __future__ import annotations

from .markdown import markdown_table
from .placement import ACCURACY_METRICS, COMPARISONS
from .rows import BASELINE, CHALLENGER, ExperimentResults
from .statistics import Spread

CONTROLS = ("iid", "clean")
"""Worlds without shared errors."""

_UNIT = "percentage points"
_GAIN = f"`{CHALLENGER}` − `{BASELINE}` against the clean truth, given the part ({_UNIT})"


def gains(
    results: ExperimentResults,
    world: str,
    model: str = CHALLENGER,
    reading: str = "truth_given",
    steps: int | None = None,
) -> dict[str, Spread]:
    """A model minus the baseline, by column of `ACCURACY_METRICS`, percentage points."""
    return {
        column: results.difference(world, f"{start}_{reading}", model, BASELINE, steps)
        for column, start in ACCURACY_METRICS.items()
    }


def headline(results: ExperimentResults) -> str:
    """Every model minus the baseline, and in words where the full models win and lose."""
    lines, tables = [], []
    for world in results.worlds():
        models = [model for model in results.models(world) if model != BASELINE]
        lines += [verdict(results, world, m) for m in models if m.startswith(CHALLENGER)]
        for reading in ("truth_given", "labels_given", "truth_predicted"):
            rows = [
                _row(f"{model} − {BASELINE}", gains(results, world, model, reading))
                for model in models
            ]
            tables.append(f"`{world}`, {COMPARISONS[reading]} ({_UNIT})")
            tables.append(markdown_table(["difference", "paired seeds", *ACCURACY_METRICS], rows))
    return "\n\n".join(["\n".join(lines), *tables])


def verdict(results: ExperimentResults, world: str, model: str) -> str:
    """At which thresholds a model beats the baseline on the clean truth, a line of a list."""
    start = f"- `{world}`, `{model}` against `{BASELINE}` on the clean truth, given the part: "
    found = gains(results, world, model)
    if max(spread.count for spread in found.values()) < 2:
        return start + "no spread can be told from fewer than two paired seeds."
    verdicts: dict[str, list[str]] = {"better": [], "worse": [], "within the seeds' spread": []}
    for column, spread in found.items():
        sign = "better" if spread.mean > 0 else "worse"
        verdicts[sign if spread.beyond else "within the seeds' spread"].append(column)
    said = [f"{kind} at {', '.join(columns)}" for kind, columns in verdicts.items() if columns]
    return start + "; ".join(said) + "."


def controls(results: ExperimentResults) -> str:
    """The gain of the full model in every world, and how much of it is left without noise."""
    worlds = results.worlds()
    rows = [_row(world, gains(results, world)) for world in worlds]
    texts = [_GAIN, markdown_table(["world", "paired seeds", *ACCURACY_METRICS], rows)]
    present = [world for world in CONTROLS if world in worlds]
    for world in worlds:
        if present and world not in CONTROLS:
            rows = [[control, *_percent_of(results, world, control)] for control in present]
            texts.append(
                f"The same in a control world, in percent of that in `{world}`; – where that is no "
                "gain beyond the seeds' spread"
            )
            texts.append(markdown_table(["control", *ACCURACY_METRICS], rows))
    return "\n\n".join(texts)


def _percent_of(results: ExperimentResults, world: str, control: str) -> list[str]:
    pairs = zip(gains(results, control).values(), gains(results, world).values(), strict=True)
    return [
        f"{100 * there.mean / here.mean:.0f}"
        if there.count and here.beyond and here.mean > 0
        else "–"
        for there, here in pairs
    ]


_ALONG_TRAINING = {
    "AUC10_truth_given": ("AUC10 against the clean truth, given the part (%)", 2),
    "nats_per_point_own": ("nats per point of the noisy labels", 3),
    "group_error_uv_truth": ("RMS error of group means against the truth (chart units)", 4),
}


def training_length(results: ExperimentResults) -> str:
    """After each number of steps: the gain, and accuracy, likelihood and bias of every model."""
    texts = []
    for world in results.worlds():
        lengths, models = results.steps(world), results.models(world)
        rows = [_row(str(steps), gains(results, world, steps=steps)) for steps in lengths]
        texts += [
            f"`{world}`, {_GAIN}",
            markdown_table(["steps", "paired seeds", *ACCURACY_METRICS], rows),
        ]
        for metric, (meaning, digits) in _ALONG_TRAINING.items():
            rows = [
                [str(steps)]
                + [results.spread(world, model, metric, steps).text(digits) for model in models]
                for steps in lengths
            ]
            texts += [f"`{world}`, {meaning}", markdown_table(["steps", *models], rows)]
    return "\n\n".join(texts)


def _row(name: str, spreads: dict[str, Spread]) -> list[str]:
    count = max(spread.count for spread in spreads.values())
    return [name, str(count), *(spread.difference_text(2) for spread in spreads.values())]

"""Tables of likelihood, calibration, errors and settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ..metrics.coverage import LARGE
from .markdown import markdown_table
from .rows import CHALLENGER, MODEL_ORDER, ExperimentResults
from .statistics import Spread

NOISE_TITLES = {
    "own": "own",
    "tempered": "fitted factors",
    "posthoc": "fitted shared variance",
    "posthoc_tempered": "fitted shared variance and factor",
}
"""End of the metric's name to what was done to the predicted covariances."""

READING_TITLES = {
    "full": "full",
    "full_marginal": "full, each point alone",
    "indep_aniso": "indep_aniso",
    "iid_iso": "iid_iso",
    "global_variance": "one global variance",
}

REGIONS = {
    "point": "point",
    "part_mean": "part mean",
    "large_part_mean": f"mean of ≥ {LARGE} points",
    "part_joint": "whole part",
}
NOMINAL_PERCENT = (50, 90, 95)
ABLATION = MODEL_ORDER[:4]
"""The models of the paper's ablation, the least likely first."""


SETTING_COLUMNS = {
    "uv_weight": "weight of UV loss",
    "anchor": "anchor",
    "warm_start": "warm start (share of steps)",
}
"""Field of `Setting` to the column of a table."""


class MetricColumn(NamedTuple):
    """How a metric is printed.

    Attributes:
        header: of the column, with the unit.
        factor: times which values are printed.
        digits: after the decimal point.
    """

    header: str
    factor: float
    digits: int


def likelihood_tables(results: ExperimentResults) -> str:
    """Nats per point under every noise model and in every reading, and the paper's ablation."""
    texts = []
    for world in results.worlds():
        columns = {f"nats_per_point_{k}": MetricColumn(v, 1, 3) for k, v in NOISE_TITLES.items()}
        texts.append(f"`{world}`, joint nats per point of the noisy labels")
        texts.append(_table(results, [world], columns))
        columns = {
            f"nats_per_point_as_{k}": MetricColumn(v, 1, 3) for k, v in READING_TITLES.items()
        }
        texts.append(f"`{world}`, one checkpoint read in each way (nats per point)")
        texts.append(_table(results, [world], columns))
        texts.append("\n".join(ablation(results, world)))
    return "\n\n".join(texts)


def ablation(results: ExperimentResults, world: str) -> list[str]:
    """Whether each model of the ablation is likelier than the one before, as lines of a list.

    The last line sets the full model against the best independent one with a fitted shared
    variance.
    """
    models = [model for model in ABLATION if model in results.models(world)]
    lines = []
    for noise in ("own", "tempered"):
        metric = f"nats_per_point_{noise}"
        for low, high in zip(models, models[1:], strict=False):
            found = results.difference(world, metric, high, low)
            wins = (results.gain(world, metric, high, low) > 0).sum()
            lines.append(
                f"- `{low}` < `{high}`, {NOISE_TITLES[noise]}: in {wins} of {found.count} seeds, "
                f"by {found.difference_text(3)} nats"
            )
    independent = [model for model in models if model != CHALLENGER]
    if CHALLENGER in models and independent:
        nats = {m: results.spread(world, m, "nats_per_point_posthoc_tempered") for m in independent}
        best = max(nats, key=lambda model: nats[model].mean)
        own = results.spread(world, CHALLENGER, "nats_per_point_own")
        lines.append(
            f"- the best independent model with {NOISE_TITLES['posthoc_tempered']}, `{best}`: "
            f"{nats[best].text(3)}; `{CHALLENGER}` as it was trained: {own.text(3)}"
        )
    return lines


def calibration_tables(results: ExperimentResults) -> str:
    """Coverage of points, part means and whole parts, and the shared scale."""
    texts = []
    for world in results.worlds():
        for noise in ("own", "tempered", "posthoc_tempered"):
            columns = {
                f"coverage_{region}_{level}_{noise}": MetricColumn(f"{name} {level}", 1, 1)
                for region, name in REGIONS.items()
                for level in NOMINAL_PERCENT
            }
            texts.append(
                f"`{world}`, covariances: {NOISE_TITLES[noise]}; noisy labels inside regions of "
                "50, 90 and 95 % (%)"
            )
            texts.append(_table(results, [world], columns))
    columns = {
        "shared_variance_uv2": MetricColumn("predicted shared variance (10⁻³ uv²)", 1e3, 3),
        "median_shared_variance_uv2": MetricColumn("its median", 1e3, 3),
        "true_shared_variance_uv2": MetricColumn("true (10⁻³ uv²)", 1e3, 3),
        "median_true_shared_variance_uv2": MetricColumn("its median", 1e3, 3),
        "spearman_shared_scale": MetricColumn("Spearman", 1, 2),
        "posthoc_shared_variance_uv2": MetricColumn("fitted afterwards (10⁻³ uv²)", 1e3, 3),
        "temperature_point": MetricColumn("factor of points", 1, 2),
        "temperature_shared": MetricColumn("factor of shared", 1, 2),
    }
    texts.append("Shared variance, and factors fitted to held-out labels")
    texts.append(_table(results, results.worlds(), columns))
    return "\n\n".join(texts)


def error_table(results: ExperimentResults) -> str:
    """Error of group means and within groups, and label noise against network error."""
    columns = {
        "group_error_uv_truth": MetricColumn("group means, truth", 1, 4),
        "within_error_uv_truth": MetricColumn("within, truth", 1, 4),
        "group_error_uv_labels": MetricColumn("group means, labels", 1, 4),
        "within_error_uv_labels": MetricColumn("within, labels", 1, 4),
        "noise_rms_uv": MetricColumn("label noise", 1, 4),
        "error_rms_uv": MetricColumn("network error", 1, 4),
        "noise_to_error": MetricColumn("noise / error", 1, 2),
        "wrong_label_part": MetricColumn("label on a wrong part (%)", 1, 2),
    }
    note = "Root mean squares in chart units, per direction in the first four columns of numbers"
    return f"{note}\n\n{_table(results, results.worlds(), columns)}"


def settings_table(results: ExperimentResults) -> str:
    """What was trained: seeds, steps, minutes, test points and settings of the reported cells."""
    rows = []
    for world in results.worlds():
        for model in results.models(world):
            cells = results.final(world, model).reset_index()
            columns = ["seed", "steps", "num_points", *SETTING_COLUMNS]
            different = [", ".join(f"{v:.10g}" for v in cells[name].unique()) for name in columns]
            minutes = Spread.of(cells["seconds"] / 60).text(1)
            rows.append([world, model, *different, minutes])
    headers = ["world", "model", "seeds", "steps", "test points", *SETTING_COLUMNS.values()]
    return markdown_table([*headers, "minutes a cell"], rows)


def _table(
    results: ExperimentResults, worlds: list[str], columns: Mapping[str, MetricColumn]
) -> str:
    """A row a model and world, a column a metric."""
    rows = []
    for world in worlds:
        for model in results.models(world):
            cells = [
                Spread.of(factor * results.values(world, model, metric)).text(digits)
                for metric, (_, factor, digits) in columns.items()
            ]
            rows.append([world, model, str(len(results.final(world, model))), *cells])
    return markdown_table(
        ["world", "model", "seeds", *(column.header for column in columns.values())], rows
    )

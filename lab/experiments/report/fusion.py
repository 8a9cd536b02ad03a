"""Tables of fused models beside their members."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean

from uncertain_densepose.inference.fusion import FUSION_RULES

from .markdown import table
from .placement import MEASURES
from .rows import Row
from .statistics import Spread, paired_difference

REFERENCE_RULE = "average"
"""The rule that others are compared with."""

MEASURED = {
    "truth_given": "Against the clean truth, given the part",
    "labels_given": "Against the noisy labels, given the part",
    "truth_predicted": "Against the clean truth, in the predicted part",
}
"""End of the metric's name to what it says."""

NATS = {
    "own": "nats_per_point_own",
    "factors": "nats_per_point_tempered",
    "shared, factor": "nats_per_point_posthoc_tempered",
}
"""Column to metric: joint nats per point of the noisy labels, as predicted; with fitted factors of
the covariances; with a fitted shared variance in place of a predicted one, and a factor."""

Group = dict[int, list[Row]]
"""Number of a fusion to its rows: one of a fusion, those of the members of "alone"."""


def fusion_tables(alone: Sequence[Row], fused: Sequence[Row]) -> str:
    """A table of each model, and one of differences to the rule "average".

    Args:
        alone: trained models on the test split, ordered by seed as fusions take them.
        fused: fusions of them on the test split; their model is `NAME/RULE`. Without any there
            are no tables.
    """
    texts = []
    for model in dict.fromkeys(row.model.partition("/")[0] for row in fused):
        kinds = _kinds(model, alone, fused)
        count = len(next(iter(kinds.values())))
        for reading, title in MEASURED.items():
            metrics = {column: f"{start}_{reading}" for column, start in MEASURES.items()}
            texts += _pair(f"{title} (% of points): `{model}`", kinds, metrics, count, 2)
        title = f"Joint nats per point of the noisy labels: `{model}`"
        texts += _pair(title, kinds, NATS, count, 3)
    return "\n\n".join(texts)


def _kinds(model: str, alone: Sequence[Row], fused: Sequence[Row]) -> dict[str, Group]:
    """What is compared, the members alone first."""
    rules = {
        rule: {row.seed: [row] for row in fused if row.model == f"{model}/{rule}"}
        for rule in FUSION_RULES
    }
    rules = {rule: rows for rule, rows in rules.items() if rows}
    numbers = sorted(set().union(*rules.values()))
    members = sorted((row for row in alone if row.model == model), key=lambda row: row.seed)
    size = len(members) // max(numbers)
    split = {n: members[(n - 1) * size : n * size] for n in numbers}
    return {"alone": split} | rules


def _pair(
    title: str, kinds: dict[str, Group], metrics: dict[str, str], count: int, digits: int
) -> list[str]:
    def values(kind: str, metric: str) -> dict[int, float]:
        return {n: fmean(row.metrics[metric] for row in rows) for n, rows in kinds[kind].items()}

    def line(kind: str, text: Callable[[str], str]) -> list[str]:
        return [kind, str(count), *(text(metric) for metric in metrics.values())]

    measured = [
        line(kind, lambda metric, kind=kind: Spread.of(values(kind, metric).values()).text(digits))
        for kind in kinds
    ]
    baseline = REFERENCE_RULE
    compared = [
        line(
            f"{kind} − {baseline}",
            lambda metric, kind=kind: paired_difference(
                values(kind, metric), values(baseline, metric)
            ).difference_text(digits),
        )
        for kind in kinds
        if kind != baseline
    ]
    return [title, table(["models", "fusions", *metrics], [*measured, *compared])]

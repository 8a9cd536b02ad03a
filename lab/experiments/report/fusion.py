"""Tables of fused models beside their members."""

from __future__ import annotations

import pandas as pd

from uncertain_densepose.inference.fusion import FUSION_RULES

from .markdown import markdown_table
from .placement import ACCURACY_METRICS
from .statistics import Spread

REFERENCE_RULE = "average"
"""The rule that others are compared with."""

MEASURED = {
    "truth_given": "Against the clean truth, given the part",
    "labels_given": "Against the noisy labels, given the part",
    "truth_predicted": "Against the clean truth, in the predicted part",
}
"""End of the metric's name to what it says."""

NATS_METRICS = {
    "own": "nats_per_point_own",
    "factors": "nats_per_point_tempered",
    "shared, factor": "nats_per_point_posthoc_tempered",
}
"""Column to metric: joint nats per point of the noisy labels, as predicted; with fitted factors of
the covariances; with a fitted shared variance in place of a predicted one, and a factor."""


def fusion_tables(alone: pd.DataFrame, fused: pd.DataFrame) -> str:
    """A table of each model, and one of differences to the rule "average".

    Args:
        alone: trained models on the test split, as `read_rows` gives them.
        fused: fusions of them on the test split; their model is `NAME/RULE`. Without any there
            are no tables.
    """
    texts = []
    for model in fused["model"].str.split("/").str[0].unique():
        kinds = _kinds(model, alone, fused)
        for reading, title in MEASURED.items():
            metrics = {column: f"{start}_{reading}" for column, start in ACCURACY_METRICS.items()}
            texts += _pair(f"{title} (% of points): `{model}`", kinds, metrics, 2)
        title = f"Joint nats per point of the noisy labels: `{model}`"
        texts += _pair(title, kinds, NATS_METRICS, 3)
    return "\n\n".join(texts)


def _kinds(model: str, alone: pd.DataFrame, fused: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """What is compared, metrics by number of the fusion; first "alone", the means of its members.

    Fusions take their members in the order of seeds.
    """
    rules = {
        rule: rows.set_index("seed")
        for rule in FUSION_RULES
        if len(rows := fused[fused["model"] == f"{model}/{rule}"])
    }
    number = max(max(rows.index) for rows in rules.values())
    members = alone[alone["model"] == model].sort_values("seed", ignore_index=True)
    fusion = members.index // (len(members) // number) + 1
    means = members.groupby(fusion).mean(numeric_only=True)
    return {"alone": means[means.index <= number]} | rules


def _pair(
    title: str, kinds: dict[str, pd.DataFrame], metrics: dict[str, str], digits: int
) -> list[str]:
    count = str(len(kinds["alone"]))
    baseline = kinds[REFERENCE_RULE]
    lines = [
        [kind, count, *(Spread.of(rows[name]).text(digits) for name in metrics.values())]
        for kind, rows in kinds.items()
    ] + [
        [
            f"{kind} − {REFERENCE_RULE}",
            count,
            *(
                Spread.of(rows[name] - baseline[name]).difference_text(digits)
                for name in metrics.values()
            ),
        ]
        for kind, rows in kinds.items()
        if kind != REFERENCE_RULE
    ]
    return [title, markdown_table(["models", "fusions", *metrics], lines)]

"""Tables of correspondence accuracy."""

from __future__ import annotations

from .markdown import markdown_table
from .rows import ExperimentResults

ACCURACY_METRICS = {
    "1 cm": "within_1cm",
    "2 cm": "within_2cm",
    "3 cm": "within_3cm",
    "5 cm": "within_5cm",
    "10 cm": "within_10cm",
    "20 cm": "within_20cm",
    "AUC10": "AUC10",
    "AUC30": "AUC30",
}
"""Column of a table to the beginning of the metric's name."""

COMPARISONS = {
    "truth_given": "against the clean truth, given the part",
    "labels_given": "against the noisy labels, given the part",
    "truth_predicted": "against the clean truth, in the predicted part",
    "labels_predicted": "against the noisy labels, in the predicted part",
}
"""End of the metric's name to what it says."""

_MORE = {
    "truth_given": {"0.05 uv": "within_0.05uv_truth_given"},
    "labels_given": {"0.05 uv": "within_0.05uv_labels_given"},
    "truth_predicted": {"part right": "part_accuracy_truth"},
    "labels_predicted": {"part right": "part_accuracy_labels"},
}


def accuracy_tables(results: ExperimentResults) -> str:
    """Shares of points within thresholds and areas under the curve, per world and reading."""
    texts = []
    for world in results.worlds():
        for reading, meaning in COMPARISONS.items():
            metrics = {column: f"{start}_{reading}" for column, start in ACCURACY_METRICS.items()}
            metrics |= _MORE[reading]
            rows = []
            for model in results.models(world):
                cells = [results.spread(world, model, name).text(2) for name in metrics.values()]
                rows.append([model, str(len(results.final(world, model))), *cells])
            texts.append(f"`{world}`, {meaning} (% of points)")
            texts.append(markdown_table(["model", "seeds", *metrics], rows))
    return "\n\n".join(texts)

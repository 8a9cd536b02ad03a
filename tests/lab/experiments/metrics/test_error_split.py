import math

import pytest
import torch

from lab.experiments.metrics.error_split import error_split, error_split_metrics
from tests.lab.experiments.metrics.drawn_outcome import draw_outcome, indices_by_group


def plain_split(residual, groups):
    """The same with loops, groups given as lists of points."""
    means, within = [], []
    for points in groups:
        for axis in range(2):
            values = [residual[i, axis].item() for i in points]
            mean = sum(values) / len(values)
            means.append(mean**2)
            within += [(value - mean) ** 2 for value in values]
    return math.sqrt(sum(means) / len(means)), math.sqrt(sum(within) / len(within))


def test_equals_a_plain_loop():
    outcome = draw_outcome()
    metrics = error_split_metrics(outcome)
    noisy = plain_split(outcome.uv_label - outcome.points.mean_uv, indices_by_group(outcome.group))
    assert metrics["group_error_uv_labels"] == pytest.approx(noisy[0])
    assert metrics["within_error_uv_labels"] == pytest.approx(noisy[1])
    # Points that were labelled on a wrong part have no truth in its chart.
    right = [
        [i for i in points if outcome.part[i] == outcome.part_true[i]]
        for points in indices_by_group(outcome.group)
    ]
    clean = plain_split(outcome.uv_true - outcome.points.mean_uv, [r for r in right if r])
    assert metrics["group_error_uv_truth"] == pytest.approx(clean[0])
    assert metrics["within_error_uv_truth"] == pytest.approx(clean[1])


def test_an_offset_of_groups_is_no_error_within_them():
    group = torch.tensor([0, 1, 0, 1, 2])
    offset = torch.tensor([[0.3, 0.0], [0.0, 0.3], [-0.3, 0.0]], dtype=torch.float64)
    between, within = error_split(offset[group], group)
    assert between == pytest.approx(0.3 / math.sqrt(2))
    assert within == pytest.approx(0, abs=1e-15)

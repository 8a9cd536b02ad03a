import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from lab.experiments.metrics.placement import placement_metrics
from tests.lab.experiments.metrics.drawn_outcome import draw_outcome
from tests.uncertain_densepose.evaluation.flat_surface import GRID, PITCH_M, SIDE_M
from uncertain_densepose.structures import PointPredictions

LIMITS_CM = (1, 2, 3, 5, 10, 20)


def position_m(part, uv):
    """Where the vertex nearest to chart coordinates lies on the flat surface."""
    u, v = (round(min(max(x, 0), 1) * (GRID - 1)) / (GRID - 1) for x in uv)
    return u * SIDE_M + (part - 1) * PITCH_M, v * SIDE_M


def plain_distance_m(parts, coordinates, true_parts, true_coordinates):
    """Distances of points, with a loop, rounded as the surface's table of them is; a background
    answer is infinitely far."""
    columns = (values.tolist() for values in (parts, coordinates, true_parts, true_coordinates))
    return [
        float(np.float16(math.dist(position_m(part, uv), position_m(true_part, true_uv))))
        if part
        else math.inf
        for part, uv, true_part, true_uv in zip(*columns, strict=True)
    ]


def plain_accuracy(distance_m, suffix):
    count = len(distance_m)
    shares = {t: sum(100 * d < t for d in distance_m) / count for t in LIMITS_CM}
    areas = {a: sum(max(0, 1 - 100 * d / a) for d in distance_m) / count for a in (10, 30)}
    return {f"within_{t}cm_{suffix}": 100 * share for t, share in shares.items()} | {
        f"AUC{a}_{suffix}": 100 * area for a, area in areas.items()
    }


def on_vertices(uv):
    """Coordinates moved to the nearest vertex, just inside its chart, so that none is a tie."""
    return (uv * 4).round().clamp(0, 4) / 4 * 0.98 + 0.01


def drawn_on_vertices():
    outcome = draw_outcome()
    points, predicted = outcome.points, outcome.points_predicted
    return replace(
        outcome,
        points=replace(points, mean_uv=on_vertices(points.mean_uv)),
        points_predicted=replace(predicted, mean_uv=on_vertices(predicted.mean_uv)),
        uv_label=on_vertices(outcome.uv_label),
        uv_true=on_vertices(outcome.uv_true),
    )


def test_equals_a_plain_loop(flat_distance):
    outcome = drawn_on_vertices()
    given = outcome.part, outcome.points.mean_uv
    predicted = outcome.predicted_part, outcome.points_predicted.mean_uv
    truth, labels = (outcome.part_true, outcome.uv_true), (outcome.part, outcome.uv_label)
    right = outcome.part == outcome.part_true
    assert 0 < right.sum() < len(right)
    in_right_chart = [v[right] for v in (*given, *truth)]
    expected = {
        **plain_accuracy(plain_distance_m(*in_right_chart), "truth_given"),
        **plain_accuracy(plain_distance_m(*given, *labels), "labels_given"),
        **plain_accuracy(plain_distance_m(*predicted, *truth), "truth_predicted"),
        **plain_accuracy(plain_distance_m(*predicted, *labels), "labels_predicted"),
    }
    found = placement_metrics(outcome, flat_distance)
    assert {k: found[k] for k in expected} == pytest.approx(expected)


def test_shares_in_chart_units_and_of_parts(flat_distance):
    outcome = draw_outcome()
    found = placement_metrics(outcome, flat_distance)
    rows = range(len(outcome))

    def share_near(uv, chosen):
        near = [
            math.dist(uv[i].tolist(), outcome.points.mean_uv[i].tolist()) < 0.05 for i in chosen
        ]
        return 100 * np.mean(near)

    right = [i for i in rows if outcome.part[i] == outcome.part_true[i]]
    assert found["within_0.05uv_truth_given"] == pytest.approx(share_near(outcome.uv_true, right))
    assert found["within_0.05uv_labels_given"] == pytest.approx(share_near(outcome.uv_label, rows))
    for reference, part in (("truth", outcome.part_true), ("labels", outcome.part)):
        hits = [outcome.predicted_part[i].item() == part[i].item() for i in rows]
        assert found[f"part_accuracy_{reference}"] == pytest.approx(100 * np.mean(hits))


def test_a_background_answer_is_never_near(flat_distance):
    outcome = draw_outcome(slips=0)
    nothing = torch.zeros_like(outcome.part)
    points = PointPredictions(nothing, outcome.uv_true)
    found = placement_metrics(
        replace(outcome, predicted_part=nothing, points_predicted=points), flat_distance
    )
    assert found["within_20cm_truth_predicted"] == found["part_accuracy_truth"] == 0
    assert found["within_20cm_truth_given"] > 0

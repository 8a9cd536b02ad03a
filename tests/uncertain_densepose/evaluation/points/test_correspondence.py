from dataclasses import replace

import numpy as np
import pytest

from tests.uncertain_densepose.evaluation.ap_scene import people
from uncertain_densepose.evaluation.points.correspondence import (
    THRESHOLDS_CM,
    CorrespondenceTotals,
    correspondence_totals,
)
from uncertain_densepose.evaluation.points.distance_totals import DistanceTotals
from uncertain_densepose.evaluation.points.point_answers import PointAnswers

NAN = [np.nan, np.nan]
SHARES = [f"within_{t}cm" for t in THRESHOLDS_CM]


def of_model(distance_m, part, visibility=()) -> CorrespondenceTotals:
    """Totals of a model alone, on people with keypoints if there are visibilities."""
    part, visibility = np.array(part), np.array(visibility, dtype=np.int64)
    distance_m = np.array(distance_m, dtype=np.float32)
    return CorrespondenceTotals(
        by_part=DistanceTotals.of(distance_m, part, 25),
        by_visibility=DistanceTotals.of(distance_m[: len(visibility)], visibility, 3),
    )


@pytest.mark.filterwarnings("error")
def test_no_points_have_no_shares():
    results = CorrespondenceTotals().results()
    assert np.isnan([results[name] for name in (*SHARES, "AUC10", "AUC30")]).all()
    assert results["num_points"] == 0
    assert "within_1cm_true" not in results
    assert not any("-" in name for name in results)
    assert np.isnan(CorrespondenceTotals().part_error_cm()).all()


def test_totals_of_two_sets_add_up():
    rng = np.random.default_rng(0)
    distance_m, part = rng.exponential(0.05, 50), rng.integers(1, 25, 50)
    added = of_model(distance_m[:20], part[:20]) + of_model(distance_m[20:], part[20:])
    assert added.results() == pytest.approx(of_model(distance_m, part).results(), nan_ok=True)
    np.testing.assert_allclose(added.part_error_cm(), of_model(distance_m, part).part_error_cm())


def test_parts_and_visibilities_are_measured_apart():
    # Right hand and head, joints visible and hidden.
    found = of_model([0, 0.2, 0.06, np.inf], part=[3, 3, 24, 24], visibility=[2, 1, 2])
    results = found.results()
    expected = {
        "within_10cm-right hand": 50,
        "AUC30-right hand": 100 * (1 + 1 / 3) / 2,
        "num_points-right hand": 2,
        "within_10cm-head left": 50,
        "AUC30-head left": 100 * 0.8 / 2,
        "num_points-head left": 2,
        "within_10cm-hidden joints": 0,
        "AUC30-hidden joints": 100 / 3,
        "num_points-hidden joints": 1,
        "within_10cm-visible joints": 100,
        "AUC30-visible joints": 100 * (1 + 0.8) / 2,
        "num_points-visible joints": 2,
    }
    assert {name: value for name, value in results.items() if "-" in name} == pytest.approx(
        expected, abs=1e-4
    )
    error = found.part_error_cm()
    assert error[[3, 24]] == pytest.approx([10, 18], abs=1e-4)
    assert np.isnan(np.delete(error, [3, 24])).all()


def test_model_and_trivial_answer_against_labels_and_truth(flat_distance):
    # Four points of chart 2 annotated at (0, 0) and one at the centre; charts are 0.4 m wide. A
    # sixth point is that of a crowd and does not count.
    image = people([[0, 0, 10, 10]] * 2, points=[5, 1], crowd=[False, True])
    chart, labels = np.full(6, 2), np.zeros((6, 2))
    labels[4] = 0.5
    # What the annotator meant: the label itself, 0.1 m beside it, unknown, unknown, unknown.
    meant = np.array([[0, 0], [0.25, 0], NAN, NAN, NAN, NAN])
    image = replace(image, part=chart, part_true=chart, uv=labels, uv_true=meant)
    # Right; 0.1 m off; background; another chart; 0.1 m off.
    part = np.array([2, 2, 0, 9, 2, 2])
    uv = np.array([[0, 0], [0.25, 0], [0, 0], [0, 0], [0.5, 0.75], [0, 0]])
    vertex, annotated = flat_distance.vertex(part, uv), flat_distance.vertex(image.part, image.uv)
    answers = PointAnswers(part, vertex, flat_distance.between_m(vertex, annotated), annotated)
    results = correspondence_totals(image, answers, flat_distance).results()
    # Tabulated in float16, 0.1 m is a little less, so it is within 10 cm.
    assert [results[name] for name in SHARES] == [20, 20, 20, 20, 60, 60]
    assert [results[f"{name}_true"] for name in SHARES] == [100] * 6
    # The chart's centre is 0.28 m from its corner, and right for the last point.
    assert [results[f"trivial_{name}"] for name in SHARES] == [20] * 6
    # From (0.25, 0) the centre is sqrt(0.1² + 0.2²) = 0.22 m away.
    assert [results[f"trivial_{name}_true"] for name in SHARES] == [0] * 6
    assert results["num_points"] == 5

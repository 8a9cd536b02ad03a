import numpy as np
import pytest

from uncertain_densepose.evaluation.correspondence import (
    THRESHOLDS_CM,
    CorrespondenceTotals,
    ErrorCounts,
    correspondence_totals,
)

NAN = [np.nan, np.nan]


def test_points_count_below_a_threshold_and_not_at_it():
    shares = ErrorCounts.of(np.array([0.0, 0.01, 0.049, np.inf])).shares()
    assert shares == {
        "within_1cm": 25,
        "within_2cm": 50,
        "within_3cm": 50,
        "within_5cm": 75,
        "within_10cm": 75,
        "within_20cm": 75,
    }


def test_counts_of_two_sets_add_up_to_those_of_both():
    errors = np.random.default_rng(0).exponential(0.05, 50)
    total = ErrorCounts.of(errors[:20]) + ErrorCounts.of(errors[20:])
    assert total.shares() == ErrorCounts.of(errors).shares()


@pytest.mark.filterwarnings("error")
def test_no_points_have_no_shares(flat_distance):
    assert np.isnan(list(ErrorCounts().shares().values())).all()
    empty, none = np.zeros(0, dtype=np.int64), np.zeros((0, 2))
    results = correspondence_totals(flat_distance, empty, none, empty, none, none).results()
    assert np.isnan(results["within_1cm"])
    assert results["num_points"] == 0
    assert "within_1cm_true" not in results


def test_model_and_trivial_answer_against_labels_and_truth(flat_distance):
    # Four points of chart 2 annotated at (0, 0) and one at the centre; charts are 0.4 m wide.
    annotated = np.array([[0, 0], [0, 0], [0, 0], [0, 0], [0.5, 0.5]])
    # Right; 0.1 m off; background; another chart; 0.1 m off.
    part = np.array([2, 2, 0, 9, 2])
    uv = np.array([[0, 0], [0.25, 0], [0, 0], [0, 0], [0.5, 0.75]])
    # What the annotator meant: the label itself, 0.1 m beside it, unknown, unknown, unknown.
    true = np.array([[0, 0], [0.25, 0], NAN, NAN, NAN])
    results = correspondence_totals(
        flat_distance, part, uv, np.full(5, 2), annotated, true
    ).results()
    # Tabulated in float16, 0.1 m is a little less, so it is within 10 cm.
    assert [results[f"within_{t}cm"] for t in THRESHOLDS_CM] == [20, 20, 20, 20, 60, 60]
    assert [results[f"within_{t}cm_true"] for t in THRESHOLDS_CM] == [100] * 6
    # The chart's centre is 0.28 m from its corner, and right for the last point.
    assert [results[f"trivial_within_{t}cm"] for t in THRESHOLDS_CM] == [20] * 6
    # From (0.25, 0) the centre is sqrt(0.1² + 0.2²) = 0.22 m away.
    assert [results[f"trivial_within_{t}cm_true"] for t in THRESHOLDS_CM] == [0] * 6
    assert results["num_points"] == 5


def test_totals_add_up():
    one = CorrespondenceTotals(model=ErrorCounts.of(np.array([0.0])))
    two = CorrespondenceTotals(model=ErrorCounts.of(np.array([np.inf])))
    assert (one + two).results()["within_1cm"] == 50

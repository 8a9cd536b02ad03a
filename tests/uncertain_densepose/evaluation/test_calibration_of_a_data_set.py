"""Likelihood and calibration through the evaluators, on labels that are drawn from predictions."""

import math

import numpy as np
import pytest
import torch

from tests.uncertain_densepose.evaluation.runs import FIRST, SECOND, in_given_boxes, nobody, run
from tests.uncertain_densepose.evaluation.scene import SIDE, instances, labelled, perfect_maps
from uncertain_densepose.evaluation import DensePoseEvaluator, GroundTruth, GroundTruthBoxEvaluator
from uncertain_densepose.evaluation.points.correspondence import CorrespondenceTotals
from uncertain_densepose.evaluation.points.point_totals import PointTotals, point_totals
from uncertain_densepose.evaluation.recalibration import (
    MahalanobisEvaluator,
    Recalibration,
    RecalibrationError,
)

SIGMA = 0.01
BOXES = {1: (11, FIRST), 2: (12, SECOND)}


@pytest.fixture
def noisy(register):
    """Two images of one person each, whose 6000 labels scatter by SIGMA about `perfect_maps`."""
    rng = np.random.default_rng(0)
    people = []
    for image_id, (key, box) in BOXES.items():
        person = labelled(key, image_id, box, rng)
        for name in ("dp_x", "dp_y", "dp_I", "dp_U", "dp_V"):
            person[name] = (person[name] * 250)[:3000]
        for name in ("dp_U", "dp_V"):
            person[name] = (np.array(person[name]) + SIGMA * rng.normal(size=3000)).tolist()
        people.append(person)
    return register(people, num_images=2)


def noise(variance):
    """The fields of an isotropic model that always says the same."""
    return {"variance": torch.full((1, 25, SIDE, SIDE), variance)}


def answers(**fields):
    return {
        image_id: instances(
            [box], [0.9], perfect_maps(1, **fields), annotation_id=torch.tensor([k])
        )
        for image_id, (k, box) in BOXES.items()
    }


def nominal(results):
    return [results[f"coverage_{level}"] for level in (50, 90, 95)]


def test_an_honest_model_is_calibrated_in_both_kinds_of_boxes(noisy, flat_distance):
    given = in_given_boxes(flat_distance, noisy, answers(**noise(SIGMA**2)))
    found = run(DensePoseEvaluator(noisy, surface=flat_distance), answers(**noise(SIGMA**2)))
    assert given["calibration_gt_boxes"] == found["calibration"]
    results = found["calibration"]
    assert nominal(results) == pytest.approx([50, 90, 95], abs=2)
    assert results["variance_scale"] == pytest.approx(1, abs=0.05)
    assert results["ence_uv"] < 0.03
    assert results["num_points"] == 6000
    # A chart is a square of 40 cm.
    assert results["sharpness_cm"] == pytest.approx(40 * SIGMA, rel=1e-4)
    assert results["rms_error_cm"] == pytest.approx(40 * SIGMA, rel=0.03)


def test_a_variance_that_is_four_times_too_small_is_reported_and_mended(noisy, flat_distance):
    narrow = answers(**noise(SIGMA**2 / 4))
    raw = in_given_boxes(flat_distance, noisy, narrow)
    assert nominal(raw["calibration_gt_boxes"]) == pytest.approx([15.9, 43.8, 52.7], abs=2)
    fitted = run(MahalanobisEvaluator(noisy), narrow)["recalibration"]
    assert fitted["variance_scale"] == pytest.approx(4, rel=0.05)
    assert fitted["num_points"] == 6000
    mended = in_given_boxes(
        flat_distance, noisy, narrow, recalibration=Recalibration(fitted["variance_scale"])
    )
    assert nominal(mended["calibration_gt_boxes"]) == pytest.approx([50, 90, 95], abs=2)
    assert mended["calibration_gt_boxes"]["variance_scale"] == pytest.approx(1, rel=1e-5)
    assert mended["correspondence_gt_boxes"] == raw["correspondence_gt_boxes"]
    # log c - (1 - 1/c) m / 2 with c = 4 and m / 2 = 4.
    gain = (
        (mended["likelihood_gt_boxes"]["nats_per_point"])
        - (raw["likelihood_gt_boxes"]["nats_per_point"])
    )
    scale = fitted["variance_scale"]
    assert gain == pytest.approx(scale - 1 - math.log(scale), rel=1e-4)


def test_the_errors_are_those_in_the_annotated_chart(noisy, flat_distance):
    told = answers(**noise(SIGMA**2))
    expected = in_given_boxes(flat_distance, noisy, told)
    for answer in told.values():
        answer.pred_densepose.fine_segm[:, 17] = 50.0
    results = in_given_boxes(flat_distance, noisy, told)
    assert results["correspondence_gt_boxes"]["within_20cm"] == 0
    assert results["calibration_gt_boxes"] == expected["calibration_gt_boxes"]
    assert results["likelihood_gt_boxes"] == pytest.approx(
        expected["likelihood_gt_boxes"], nan_ok=True
    )


def test_a_model_without_a_variance_is_calibrated_with_the_global_one_or_not_at_all(
    noisy, flat_distance
):
    results = in_given_boxes(flat_distance, noisy, answers(), global_variance=SIGMA**2)
    assert nominal(results["calibration_gt_boxes"]) == pytest.approx([50, 90, 95], abs=2)
    likelihood = results["likelihood_gt_boxes"]
    assert "nats_per_point_iid_iso" not in likelihood
    assert likelihood["nats_per_point_global_variance"] == likelihood["nats_per_point"]
    without = in_given_boxes(flat_distance, noisy, answers())["calibration_gt_boxes"]
    assert without.pop("num_points") == 0
    assert all(math.isnan(value) for value in without.values())


def test_a_model_without_a_variance_cannot_be_recalibrated(noisy, flat_distance):
    evaluator = GroundTruthBoxEvaluator(
        noisy, surface=flat_distance, recalibration=Recalibration(2.0)
    )
    with pytest.raises(RecalibrationError, match="no variance"):
        run(evaluator, answers())
    with pytest.raises(RecalibrationError, match="no variance"):
        run(MahalanobisEvaluator(noisy), answers())


def test_every_reading_of_a_full_model_has_a_row(noisy, flat_distance):
    fields = noise(SIGMA**2) | {
        "direction": torch.full((1, 2, 25, SIDE, SIDE), SIGMA),
        "shared_covariance": (SIGMA**2 * torch.eye(2)).expand(1, 25, 2, 2),
    }
    results = in_given_boxes(flat_distance, noisy, answers(**fields), global_variance=SIGMA**2)
    rows = {k: v for k, v in results["likelihood_gt_boxes"].items() if k.startswith("nats_per")}
    assert sorted(rows) == [
        "nats_per_point",
        "nats_per_point_full",
        "nats_per_point_full_marginal",
        "nats_per_point_global_variance",
        "nats_per_point_iid_iso",
        "nats_per_point_indep_aniso",
    ]
    assert rows["nats_per_point"] == rows["nats_per_point_full"]
    assert rows["nats_per_point_iid_iso"] == pytest.approx(rows["nats_per_point_global_variance"])
    # Labels have only the isotropic error, so that every further term costs.
    assert rows["nats_per_point_iid_iso"] > rows["nats_per_point_indep_aniso"]
    assert rows["nats_per_point_indep_aniso"] > rows["nats_per_point_full_marginal"]


def test_a_network_that_has_diverged_is_reported_and_breaks_nothing(noisy, flat_distance):
    lost = answers(**noise(SIGMA**2))
    for answer in lost.values():
        answer.pred_densepose.u.fill_(math.nan)
    results = in_given_boxes(flat_distance, noisy, lost)["calibration_gt_boxes"]
    assert nominal(results) == [0, 0, 0]
    assert math.isnan(results["ence_cm"])


def test_nobody_found(noisy, flat_distance):
    found = run(DensePoseEvaluator(noisy, surface=flat_distance), {1: nobody(), 2: nobody()})
    assert found["calibration"].pop("num_points") == 0
    assert all(math.isnan(value) for value in found["calibration"].values())
    fitted = run(MahalanobisEvaluator(noisy), {1: nobody()})["recalibration"]
    assert math.isnan(fitted["variance_scale"]) and fitted["num_points"] == 0


def test_totals_of_single_images_add_up_to_those_of_all(noisy, flat_distance):
    told = answers(**noise(SIGMA**2))
    whole = in_given_boxes(flat_distance, noisy, told)
    totals = [
        point_totals(
            image,
            told[image.image_id],
            np.zeros(1, dtype=np.int64),
            CorrespondenceTotals(),
            flat_distance,
        )
        for image in GroundTruth.of_dataset(noisy)
    ]
    backwards = sum(totals[::-1], PointTotals())
    assert backwards.calibration.results() == pytest.approx(whole["calibration_gt_boxes"])
    assert backwards.likelihood.results() == pytest.approx(
        whole["likelihood_gt_boxes"], nan_ok=True
    )

import dataclasses
import json
import math
import pickle

import numpy as np
import pytest
import torch
from detectron2.data import MetadataCatalog
from detectron2.evaluation import DatasetEvaluators, print_csv_format
from detectron2.evaluation.testing import flatten_results_dict

from tests.surface_factory import make_tiny_surface
from tests.uncertain_densepose.evaluation.runs import (
    FIRST,
    NAME,
    SECOND,
    detected,
    given_box_answers,
    in_given_boxes,
    nobody,
    perfect_answers,
    run,
)
from tests.uncertain_densepose.evaluation.scene import LEFT, instances, unlabelled
from uncertain_densepose.evaluation import (
    DensePoseEvaluator,
    GlobalVarianceEvaluator,
    GroundTruthBoxEvaluator,
)
from uncertain_densepose.evaluation.detections.gps_ap import MODES
from uncertain_densepose.structures.coco_annotation import AnnotationFileError
from uncertain_densepose.surface import SurfaceFileError

pytestmark = pytest.mark.filterwarnings("error:::uncertain_densepose", "error:::numpy")

SHARES = [f"within_{t}cm" for t in (1, 2, 3, 5, 10, 20)]


def test_a_perfect_prediction_is_perfect(dataset, flat_distance):
    results = detected(flat_distance, dataset, perfect_answers())
    for task in MODES:
        for metric in ("AP", "AP50", "AP75", "AR", "AR50", "AR75"):
            assert results[task][metric] == pytest.approx(100)
    assert [results["correspondence"][share] for share in SHARES] == [100] * 6
    # An area of 100 % up to 10 cm means 0 cm at every point.
    assert results["correspondence"]["AUC10"] == results["correspondence"]["AUC30"] == 100
    assert results["correspondence"]["num_points"] == 36
    # The centre of a square of 0.4 m is at most 0.28 m away, so the trivial answer is no zero.
    assert 0 < results["correspondence"]["trivial_within_20cm"] < 100
    assert results["correspondence"]["trivial_within_1cm"] < 20
    assert results["likelihood"]["points_read"] == 100


def test_a_perfect_prediction_in_given_boxes_is_perfect(dataset, flat_distance):
    results = in_given_boxes(flat_distance, dataset, given_box_answers())
    assert list(results) == [
        "correspondence_gt_boxes",
        "likelihood_gt_boxes",
        "calibration_gt_boxes",
    ]
    assert [results["correspondence_gt_boxes"][share] for share in SHARES] == [100] * 6
    assert results["likelihood_gt_boxes"]["points_read"] == 100


def test_mask_iou_enters_gpsm_and_not_gps(dataset, flat_distance):
    answers = perfect_answers()
    for answer in answers.values():
        # The left half of every box is background to the mask alone: IoU 1/2, GPS over the points
        # of the right half. A point is foreground where the mask is.
        answer.pred_densepose.coarse_segm[:, 0, :, : 32 // 2] = 9.0
    people = DensePoseEvaluator(dataset, surface=flat_distance).ground_truth
    right = [(image.part != LEFT).mean() for image in people if image.num_people]
    assert all(0.2 < share < 0.8 for share in right)
    results = detected(flat_distance, dataset, answers)
    assert results["correspondence"]["within_20cm"] == pytest.approx(
        100 * np.mean([p != LEFT for image in people for p in image.part])
    )
    # sqrt(GPS / 2) with GPS below 1 is below 0.707.
    assert results["densepose_gpsm"]["AP75"] == 0


def test_likelihood_is_that_of_the_gaussian_around_the_annotation(dataset, flat_distance):
    variance = torch.full((25, 32, 32), 0.01)
    results = detected(
        flat_distance, dataset, perfect_answers(variance=variance), global_variance=0.04
    )["likelihood"]
    # The prediction is exact, so the density is 1 / 2 π s.
    assert results["nats_per_point"] == pytest.approx(-math.log(2 * math.pi * 0.01), abs=1e-5)
    assert results["global_variance_nats_per_point"] == pytest.approx(
        -math.log(2 * math.pi * 0.04), abs=1e-5
    )


def test_the_clean_truth_is_reported_beside_the_labels(register, people, flat_distance):
    for annotation in people[:2]:
        annotation["dp_U_true"] = [1 - u for u in annotation["dp_U"]]
        annotation["dp_V_true"] = annotation["dp_V"]
    name = register(people)
    results = in_given_boxes(flat_distance, name, given_box_answers())["correspondence_gt_boxes"]
    assert results["within_1cm"] == 100
    assert results["within_1cm_true"] < 50
    assert results["trivial_within_20cm_true"] > 0


def test_a_person_whom_nobody_found_is_wrong_and_not_read(dataset, flat_distance):
    answers = perfect_answers()
    answers[2] = nobody()
    results = detected(flat_distance, dataset, answers)
    assert results["correspondence"]["within_20cm"] == pytest.approx(100 * 2 / 3)
    assert results["likelihood"]["points_read"] == pytest.approx(100 * 2 / 3)
    assert results["densepose_gps"]["AR"] == pytest.approx(100 * 2 / 3)


def test_points_outside_the_box_are_left_out_as_in_training(register, people, flat_distance):
    people[3]["dp_x"] = [300.0] * 12
    people[0]["dp_x"][0] = -1e308
    name = register(people)
    results = detected(flat_distance, name, perfect_answers())
    assert results["correspondence"]["num_points"] == 11 + 12
    assert results["correspondence"]["within_20cm"] == pytest.approx(100)
    assert results["densepose_gps"]["AR"] == pytest.approx(100)
    given = in_given_boxes(flat_distance, name, given_box_answers())
    assert given["correspondence_gt_boxes"]["num_points"] == 11 + 12


def test_crowds_are_not_counted(register, people, flat_distance):
    people[1]["iscrowd"] = 1
    name = register(people)
    results = detected(flat_distance, name, perfect_answers())
    assert results["correspondence"]["num_points"] == 24
    assert results["densepose_gps"]["AP"] == pytest.approx(100)


def test_no_detections_at_all(dataset, flat_distance):
    # Without a box there need be no dense pose either.
    empty = nobody()
    empty.remove("pred_densepose")
    results = detected(flat_distance, dataset, {1: empty, 2: nobody(), 3: nobody()})
    assert results["densepose_gps"]["AP"] == results["densepose_gpsm"]["AR"] == 0
    assert results["correspondence"]["within_20cm"] == 0
    assert results["likelihood"]["points_read"] == 0
    assert math.isnan(results["likelihood"]["nats_per_point"])


@pytest.mark.parametrize("num_images", [0, 2])
def test_no_labelled_people_at_all(register, flat_distance, num_images):
    annotations = [unlabelled(5, 1, FIRST)] if num_images else []
    name = register(annotations, num_images)
    answers = {1: instances([FIRST]), 2: instances([SECOND])} if num_images else {}
    results = detected(flat_distance, name, answers, global_variance=0.1)
    values = flatten_results_dict(results)
    assert values.pop("correspondence/num_points") == 0
    assert values.pop("calibration/num_points") == 0
    assert all(math.isnan(value) for value in values.values())


def test_people_with_one_id_keep_the_order_of_their_boxes(register, people, flat_distance):
    # As some do in COCO's own minival lists; a crowd has no box among those given.
    crowd = people[3] | {"image_id": 1, "iscrowd": 1}
    repeated = [person | {"id": 9} for person in (crowd, people[0], people[1])]
    answers = {1: instances([FIRST, SECOND], annotation_id=torch.tensor([9, 9]))}
    results = in_given_boxes(flat_distance, register(repeated, 1), answers)
    assert results["correspondence_gt_boxes"]["num_points"] == 24
    assert results["correspondence_gt_boxes"]["within_1cm"] == 100


def test_results_are_flat_numbers_for_detectron2(dataset, flat_distance, caplog):
    evaluators = DatasetEvaluators(
        [
            DensePoseEvaluator(dataset, surface=flat_distance),
            GlobalVarianceEvaluator(dataset),
        ]
    )
    answers = perfect_answers()
    answers[1].annotation_id = torch.tensor([12, 13, 11])
    answers[2].annotation_id = torch.tensor([14])
    results = run(evaluators, answers)
    assert list(results) == [
        "densepose_gps",
        "densepose_gpsm",
        "densepose_segm",
        "correspondence",
        "likelihood",
        "calibration",
        "global_variance",
    ]
    with caplog.at_level("INFO", logger="detectron2"):
        print_csv_format(results)
    assert all(isinstance(v, (int, float)) for v in flatten_results_dict(results).values())
    assert "densepose_gpsm" in caplog.text


def test_what_is_kept_is_a_few_numbers_a_detection_and_nothing_a_point(dataset, flat_distance):
    evaluator = DensePoseEvaluator(dataset, surface=flat_distance)
    answers = perfect_answers(variance=torch.full((25, 32, 32), 0.01))
    sizes = []
    for some in ({1: answers[1]}, answers):
        run(evaluator, some)
        sizes.append(len(pickle.dumps(evaluator.totals)))
    assert sizes[0] == pytest.approx(sizes[1], abs=100) and sizes[1] < 500_000
    # Four detections.
    assert len(pickle.dumps(evaluator._kept)) < 2500


def test_evaluating_again_counts_nothing_twice(dataset, flat_distance):
    evaluator = DensePoseEvaluator(dataset, surface=flat_distance)
    first = run(evaluator, perfect_answers())
    again = evaluator.evaluate()
    assert again["correspondence"] == first["correspondence"]
    assert evaluator.totals.correspondence.by_part.num_points.sum() == 36


def test_detections_are_written_when_asked(dataset, flat_distance, tmp_path):
    detected(flat_distance, dataset, perfect_answers(), output_dir=tmp_path / "out")
    records = json.loads((tmp_path / "out" / "densepose_detections.json").read_text())
    assert [(r["image_id"], r["score"]) for r in records] == [
        (1, pytest.approx(0.95)),
        (1, pytest.approx(0.9)),
        (1, pytest.approx(0.8)),
        (2, pytest.approx(0.7)),
    ]
    assert records[1]["annotation_id"] == [11, 12]
    np.testing.assert_allclose(records[1]["gps"], [1, 0])
    np.testing.assert_allclose(records[1]["mask_iou"], [1, 0])
    assert records[1]["bbox"] == FIRST


def test_the_global_variance_is_fitted_to_all_points_in_given_boxes(dataset):
    answers = given_box_answers()
    for answer in answers.values():
        maps = answer.pred_densepose
        answer.pred_densepose = dataclasses.replace(maps, u=maps.u + 0.3, v=maps.v - 0.1)
    results = run(GlobalVarianceEvaluator(dataset), answers)["global_variance"]
    assert results["variance_uv"] == pytest.approx((0.3**2 + 0.1**2) / 2, rel=1e-5)
    assert results["num_points"] == 36


def test_the_global_variance_of_no_points_is_not_a_number(dataset, caplog):
    nothing = run(GlobalVarianceEvaluator(dataset), {3: nobody()})["global_variance"]
    assert math.isnan(nothing["variance_uv"])
    # A part of a training set will do.
    assert "were predicted" not in caplog.text


def test_a_part_of_the_images_is_evaluated_alone_and_said(dataset, flat_distance, caplog):
    answers = {2: perfect_answers()[2]}
    results = detected(flat_distance, dataset, answers)
    assert results["correspondence"]["num_points"] == 12
    assert results["densepose_gps"]["AP"] == pytest.approx(100)
    assert "1 of the 3 images" in caplog.text


def test_ranks_are_gathered(dataset, flat_distance, monkeypatch):
    answers = perfect_answers()
    expected = detected(flat_distance, dataset, answers)
    other = DensePoseEvaluator(dataset, surface=flat_distance)
    run(other, {1: answers[1]})
    monkeypatch.setattr(
        "detectron2.utils.comm.gather", lambda kept, dst: [kept, (other._kept, other._own_totals)]
    )
    results = detected(flat_distance, dataset, {2: answers[2], 3: answers[3]})
    assert flatten_results_dict(results) == pytest.approx(
        flatten_results_dict(expected), nan_ok=True
    )
    with pytest.raises(ValueError, match="more than one process"):
        detected(flat_distance, dataset, {1: answers[1]})
    monkeypatch.setattr("detectron2.utils.comm.is_main_process", lambda: False)
    assert detected(flat_distance, dataset, answers) == {}


def test_a_surface_may_come_with_its_tables_or_without(dataset, flat_surface, flat_distance):
    one, two = (
        detected(surface, dataset, perfect_answers()) for surface in (flat_surface, flat_distance)
    )
    assert one["correspondence"] == two["correspondence"]


def test_the_protocol_and_the_length_scale_are_chosen_by_name(dataset, flat_distance):
    answers = perfect_answers()
    # Image 3 has nobody; what is detected there is an error in `strict` alone.
    answers[3] = instances([FIRST], [0.99])
    strict, reference = (
        detected(flat_distance, dataset, answers, protocol=name) for name in ("strict", "reference")
    )
    for task in MODES:
        assert strict[task]["AP"] == pytest.approx(75)
        assert reference[task]["AP"] == pytest.approx(100)
    for answer in answers.values():
        maps = answer.pred_densepose
        answer.pred_densepose = dataclasses.replace(maps, u=maps.u + 0.75)
    by_part, constant = (
        detected(flat_distance, dataset, answers, kappa_m=kappa_m) for kappa_m in (None, 0.255)
    )
    # The torso's own scale is the larger one.
    assert by_part["densepose_gps"]["AP"] > constant["densepose_gps"]["AP"]
    with pytest.raises(ValueError, match="'coco'.*strict.*reference"):
        detected(flat_distance, dataset, answers, protocol="coco")


def test_an_unknown_image_is_named(dataset, flat_distance):
    with pytest.raises(AnnotationFileError, match=r"val\.json: no image with id 77"):
        detected(flat_distance, dataset, {77: nobody()})


def test_an_image_that_comes_twice_is_named(dataset, flat_distance):
    evaluator = DensePoseEvaluator(dataset, surface=flat_distance)
    evaluator.process([{"image_id": 3}], [{"instances": nobody()}])
    with pytest.raises(ValueError, match="image 3 was predicted twice"):
        evaluator.process([{"image_id": 3}], [{"instances": nobody()}])


def test_a_model_without_dense_pose_is_named(dataset, flat_distance):
    boxes_only = instances([FIRST])
    boxes_only.remove("pred_densepose")
    with pytest.raises(ValueError, match="pred_densepose"):
        detected(flat_distance, dataset, {1: boxes_only})


def test_boxes_that_do_not_say_whose_they_are_are_refused(dataset, flat_distance):
    with pytest.raises(ValueError, match="annotation_id"):
        in_given_boxes(flat_distance, dataset, {1: instances([FIRST])})


def test_a_missing_surface_is_named(dataset, tmp_path):
    with pytest.raises(ValueError, match=f"'{NAME}'.*'densepose_surface'"):
        DensePoseEvaluator(dataset)
    with pytest.raises(SurfaceFileError, match="nowhere.npz"):
        DensePoseEvaluator(dataset, surface=tmp_path / "nowhere.npz")
    MetadataCatalog.get(dataset).set(densepose_surface=str(tmp_path / "gone.npz"))
    with pytest.raises(SurfaceFileError, match="gone.npz"):
        GroundTruthBoxEvaluator(dataset)


def test_charts_alone_are_refused_before_anything_is_measured(dataset, tmp_path):
    charts = make_tiny_surface(cells=1).without_distances()
    charts.save(tmp_path / "charts.npz")
    with pytest.raises(SurfaceFileError, match=r"charts\.npz: holds charts alone.*build_surface"):
        DensePoseEvaluator(dataset, surface=tmp_path / "charts.npz")
    with pytest.raises(SurfaceFileError, match="'tiny-board' holds charts alone"):
        GroundTruthBoxEvaluator(dataset, surface=charts)
    MetadataCatalog.get(dataset).set(densepose_surface=str(tmp_path / "charts.npz"))
    with pytest.raises(SurfaceFileError, match=r"charts\.npz: holds charts alone"):
        DensePoseEvaluator(dataset)

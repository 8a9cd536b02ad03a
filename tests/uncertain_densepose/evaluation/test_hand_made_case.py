"""Three people and five detections, worked out on paper from the distances to AP and AR.

The image is 500 x 120 pixels. Everybody's mask is their box.

============  ==========================  =======================================================
person        box (x, y, width, height)   points
============  ==========================  =======================================================
A, large      0, 0, 100, 100              four on the torso (kappa 0.351 m), at (1/2, 1/2)
B, large      200, 0, 100, 100            two on the right hand (kappa 0.107 m), at (1/2, 1/2)
C, medium     400, 0, 50, 50              four on the torso, at (1/2, 1/2), two in each half
============  ==========================  =======================================================

In the order of the scores:

1. The box of A. Right in its left half, in its right half a vertex, 0.1 m, off. Background in its
   lowest 36 rows, where there are no points.
   GPS (1 + 1 + 2 exp(-0.1² / 2 · 0.351²)) / 4 = (1 + 0.960228) / 2 = 0.980114
   mask IoU 0.64, GPSm 0.8 √0.980114 = 0.792006
2. A box of that size where nobody is: 0 with everyone.
3. The box of B. Right at one point, 0.1 m off at the other.
   GPS (1 + exp(-0.1² / 2 · 0.107²)) / 2 = (1 + 0.646154) / 2 = 0.823077
   mask IoU 1, GPSm 0.907236
4. The box of A again. The back of the torso instead of the front, 0.6 m away.
   GPS exp(-0.6² / 2 · 0.351²) = 0.231998, mask IoU 1, GPSm 0.481662
5. The left half of C, and right there: GPS 1/2, mask IoU 1/2, GPSm 1/2.
"""

import numpy as np
import pytest

from tests.uncertain_densepose.evaluation.iuv_scene import constant_iuv, record, write_results
from tests.uncertain_densepose.evaluation.scene import write
from uncertain_densepose.evaluation.detections.detection_metrics import evaluate_results
from uncertain_densepose.evaluation.detections.detection_scores import score_detections
from uncertain_densepose.evaluation.detections.protocols import PROTOCOLS
from uncertain_densepose.evaluation.files.result_file import ResultFile
from uncertain_densepose.evaluation.ground_truth.ground_truth import GroundTruth
from uncertain_densepose.evaluation.points.point_answers import read_all

HEIGHT, WIDTH = 120, 500
A, B, C = [0, 0, 100, 100], [200, 0, 100, 100], [400, 0, 50, 50]
TORSO_BACK, TORSO_FRONT, HAND = 1, 2, 3


def person(key, box, part, x, y) -> dict:
    """An annotation whose points, at fractions x, y of the box, are all at (1/2, 1/2)."""
    left, top, width, height = box
    corners = [left, top, left + width, top, left + width, top + height, left, top + height]
    return {
        "id": key,
        "image_id": 1,
        "category_id": 1,
        "bbox": box,
        "area": width * height,
        "iscrowd": 0,
        "segmentation": [corners],
        "dp_x": [255 * value for value in x],
        "dp_y": [255 * value for value in y],
        "dp_I": [part] * len(x),
        "dp_U": [0.5] * len(x),
        "dp_V": [0.5] * len(x),
    }


@pytest.fixture
def ground_truth(tmp_path):
    image = {"id": 1, "file_name": "1.jpg", "height": HEIGHT, "width": WIDTH}
    people = [
        person(1, A, TORSO_FRONT, [0.205, 0.805, 0.205, 0.805], [0.205, 0.205, 0.595, 0.595]),
        person(2, B, HAND, [0.205, 0.805], [0.5, 0.5]),
        person(3, C, TORSO_FRONT, [0.21, 0.41, 0.61, 0.81], [0.5] * 4),
    ]
    content = {"images": [image], "annotations": people, "categories": [{"id": 1, "name": "p"}]}
    return GroundTruth.load(write(tmp_path / "val.json", content))


@pytest.fixture
def results(ground_truth, tmp_path):
    first = constant_iuv(A, TORSO_FRONT, 0.5, 0.5)
    first[1, :, 50:] = round(255 * 0.75)
    first[0, 64:] = 0
    third = constant_iuv(B, HAND, 0.5, 0.5)
    third[2, :, 50:] = round(255 * 0.75)
    half = [400, 0, 25, 50]
    records = [
        record(1, A, 0.9, first),
        record(1, [100, 10, 100, 100], 0.8, constant_iuv(A, TORSO_FRONT, 0.5, 0.5)),
        record(1, B, 0.7, third),
        record(1, A, 0.6, constant_iuv(A, TORSO_BACK, 0.5, 0.5)),
        record(1, half, 0.5, constant_iuv(half, TORSO_FRONT, 0.5, 0.5)),
    ]
    return ResultFile(write_results(tmp_path / "results.json", records), ground_truth)


def percent(*terms):
    """The mean over ten thresholds of (number of thresholds, value) in percent."""
    assert sum(number for number, _ in terms) == 10
    return pytest.approx(10 * sum(number * value for number, value in terms), abs=1e-6)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_ap_and_ar(results, flat_distance, protocol):
    found, _ = evaluate_results(results, flat_distance, PROTOCOLS[protocol])
    # Of 101 recalls, 34 are up to 1/3, 33 up to 2/3 and 34 beyond; 51 up to 1/2 and 50 beyond.
    all_five = (34 + 33 * 2 / 3 + 34 * 3 / 5) / 101  # right, wrong, right, wrong, right
    first_and_third = (34 + 33 * 2 / 3) / 101
    first, third = 34 / 101, 34 / 3 / 101

    # GPS: 1 counts at all thresholds, 3 up to 0.80, 5 at 0.50.
    gps = found["densepose_gps"]
    assert gps["AP"] == percent((1, all_five), (6, first_and_third), (3, first))
    assert gps["AP50"] == pytest.approx(100 * all_five)
    assert gps["AP75"] == pytest.approx(100 * first_and_third)
    assert gps["AR"] == percent((1, 1), (6, 2 / 3), (3, 1 / 3))
    assert (gps["AR50"], gps["AR75"]) == pytest.approx((100, 200 / 3))
    # C alone, at 0.50 alone; where it is missed, 5 has the size of an error.
    assert (gps["APm"], gps["ARm"]) == pytest.approx((10, 10))
    # A and B: right, wrong, right, wrong up to 0.80, then right, wrong, wrong, wrong.
    assert gps["APl"] == percent((7, (51 + 50 * 2 / 3) / 101), (3, 51 / 101))
    assert gps["ARl"] == percent((7, 1), (3, 1 / 2))

    # GPSm: 1 counts up to 0.75, 3 up to 0.90, 5 at 0.50.
    gpsm = found["densepose_gpsm"]
    assert gpsm["AP"] == percent((1, all_five), (5, first_and_third), (3, third), (1, 0))
    assert gpsm["AR"] == percent((1, 1), (5, 2 / 3), (3, 1 / 3), (1, 0))
    assert gpsm["AP75"] == pytest.approx(100 * first_and_third)

    # Mask IoU: 1 is A up to 0.60, and from 0.65 on 4 is. Then 1 and 2 are wrong, 3 and 4 right: a
    # precision of 1/3 at a recall of 1/3 and of 1/2 at 2/3, which counts for both.
    segm = found["densepose_segm"]
    assert segm["AP"] == percent((1, all_five), (2, first_and_third), (7, 67 / 2 / 101))
    assert segm["AR"] == percent((1, 1), (2, 2 / 3), (7, 2 / 3))
    assert segm["AP75"] == pytest.approx(100 * 67 / 2 / 101)


def test_gps_and_mask_iou(results, flat_distance):
    ((image, detections),) = results
    scores = score_detections(image, detections, read_all(image, detections, flat_distance))
    gps, gpsm, iou = scores.similarities
    # Distances are tabulated in float16.
    expected = [[0.980114, 0, 0], [0, 0, 0], [0, 0.823077, 0], [0.231998, 0, 0], [0, 0, 0.5]]
    np.testing.assert_allclose(gps, expected, atol=2e-4)
    expected = [[0.792006, 0, 0], [0, 0, 0], [0, 0.907236, 0], [0.481662, 0, 0], [0, 0, 0.5]]
    np.testing.assert_allclose(gpsm, expected, atol=2e-4)
    expected = [[0.64, 0, 0], [0, 0, 0], [0, 1, 0], [1, 0, 0], [0, 0, 0.5]]
    np.testing.assert_allclose(iou, expected, atol=1e-12)


def test_correspondence(results, flat_distance):
    # 1 stands for A, 3 for B, 5 for C: five points are right, three 0.1 m off (a little less in
    # float16), and two are in nobody's box.
    metrics, errors = evaluate_results(results, flat_distance)
    found = metrics["correspondence"]
    shares = [found[f"within_{t}cm"] for t in (1, 2, 3, 5, 10, 20)]
    assert shares == pytest.approx([50, 50, 50, 50, 80, 80])
    # 0.1 m adds nothing to the area up to 10 cm and 2/3 to that up to 30 cm.
    assert found["AUC10"] == pytest.approx(50, abs=0.02)
    assert found["AUC30"] == pytest.approx(100 * (5 + 3 * 2 / 3) / 10, abs=0.02)
    assert found["AUC30-right hand"] == pytest.approx(100 * (1 + 2 / 3) / 2, abs=0.05)
    assert found["num_points-torso front"] == 8
    # Four points right, two 10 cm off and two that count for 30 cm.
    assert errors.part_error_cm()[TORSO_FRONT] == pytest.approx(80 / 8, abs=0.02)


def test_one_length_scale_for_the_body(results, flat_distance):
    # With 0.255 m the hand's 0.1 m weighs less: (1 + exp(-0.1² / 2 · 0.255²)) / 2 = 0.962999, and
    # for the torso (1 + 0.925997) / 2 as well: 1 and 3 count at all thresholds.
    found, _ = evaluate_results(results, flat_distance, kappa_m=0.255)
    assert found["densepose_gps"]["AR"] == pytest.approx(10 * (1 + 9 * 2 / 3))

import numpy as np

from tests.uncertain_densepose.evaluation.iuv_scene import constant_iuv
from uncertain_densepose.evaluation.detections.iuv_detections import IUVDetections


def detections(boxes, scores, iuv) -> IUVDetections:
    boxes = np.array(boxes, dtype=np.float64).reshape(-1, 4)
    return IUVDetections(np.zeros(len(boxes), dtype=np.int64), np.array(scores), boxes, iuv)


def test_the_highest_scores_come_first_and_ties_keep_their_order():
    boxes = [[k, 0, 4, 4] for k in range(4)]
    iuv = [constant_iuv([0, 0, 4, 4], k + 1, 0, 0) for k in range(4)]
    found = detections(boxes, [0.2, 0.9, 0.5, 0.9], iuv)
    assert found.boxes[:, 0].tolist() == [1, 3, 2, 0]
    part, _ = found.read(np.arange(4), np.full((4, 2), 3.5))
    assert part.tolist() == [2, 4, 3, 1]


def test_points_are_read_in_the_pixel_that_they_lie_in():
    iuv = np.zeros((3, 5, 4), dtype=np.uint8)
    iuv[0] = 7
    iuv[1] = np.arange(4)
    iuv[2] = np.arange(5)[:, None]
    found = detections([[10.5, 20.25, 4.9, 5.2]], [1.0], [iuv])
    xy = np.array([[10.5, 20.25], [12.49, 20.3], [12.51, 20.3], [13.0, 24.26], [13.0, 25.24]])
    part, uv = found.read(np.zeros(5, dtype=np.int64), xy)
    assert part.tolist() == [7] * 5
    np.testing.assert_allclose(255 * uv, [[0, 0], [1, 0], [2, 0], [2, 4], [2, 4]])


def test_points_beyond_the_pixels_have_no_answer():
    found = detections([[10, 20, 4, 5]], [1.0], [constant_iuv([0, 0, 4, 5], 3, 0.5, 0.5)])
    inside = [[9.01, 19.01], [13.99, 24.99]]
    outside = [[8.99, 22], [12, 18.99], [14, 22], [12, 25], [-300, 22], [12, 900]]
    part, _ = found.read(np.zeros(8, dtype=np.int64), np.array(inside + outside))
    assert part.tolist() == [3, 3] + [0] * 6


def test_background_is_no_answer_and_no_mask():
    iuv = constant_iuv([0, 0, 4, 5], 3, 0.5, 0.5)
    iuv[0, :2] = 0
    found = detections([[10.9, 20.9, 4, 5]], [1.0], [iuv])
    part, _ = found.read(np.zeros(2, dtype=np.int64), np.array([[12, 22.0], [12, 23.0]]))
    assert part.tolist() == [0, 3]
    mask = found.mask(0, height=100, width=100)
    # At the integer part of the corner.
    assert (mask.left, mask.top) == (10, 20)
    assert mask.pixels.shape == (5, 4) and mask.pixels[2:].all() and not mask.pixels[:2].any()


def test_a_mask_is_cut_at_the_edges_of_the_image():
    found = detections([[-0.7, 97.5, 5, 5]], [1.0], [constant_iuv([0, 0, 5, 5], 1, 0, 0)])
    mask = found.mask(0, height=100, width=100)
    assert (mask.left, mask.top, mask.area) == (0, 97, 4 * 3)


def test_no_detections():
    found = detections(np.zeros((0, 4)), [], [])
    part, uv = found.read(np.zeros(0, dtype=np.int64), np.zeros((0, 2)))
    assert len(found) == len(part) == len(uv) == 0

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tests.uncertain_densepose.evaluation.scene import LEFT, RIGHT, in_image, instances
from uncertain_densepose.evaluation.detections.chart_detections import (
    ChartDetections,
    foreground_mask,
)
from uncertain_densepose.evaluation.points.matching import UNMATCHED

FOREGROUND = np.stack([np.zeros((4, 4)), np.ones((4, 4))]).astype(np.float32)


def test_the_highest_scores_come_first_and_ties_keep_their_order():
    found = instances([[i, 0, 5, 5] for i in range(5)], [0.2, 0.9, 0.5, 0.9, 0.1])
    best = ChartDetections(found, 3)
    assert best.boxes[:, 0].tolist() == [1, 3, 2]
    assert best.score.tolist() == pytest.approx([0.9, 0.9, 0.5])
    assert best.boxes[0].tolist() == [1, 0, 5, 5]
    np.testing.assert_array_equal(best.instances_of(np.array([2, UNMATCHED, 0])), [2, -1, 1])
    everybody = ChartDetections(found)
    instance = np.array([4, UNMATCHED, 1])
    np.testing.assert_array_equal(
        everybody.instances_of(everybody.detections_of(instance)), instance
    )
    nobody = ChartDetections(found[:0], 3)
    assert len(nobody) == 0
    np.testing.assert_array_equal(nobody.instances_of(np.array([UNMATCHED])), [UNMATCHED])


def test_points_are_read_in_the_detection_that_is_named():
    found = instances([[0, 0, 40, 40], [100, 0, 40, 40]], [0.1, 0.9])
    xy = np.array([[10.0, 20.0], [10.0, 20.0], [130.0, 10.0]])
    part, uv = ChartDetections(found).read(np.array([1, 0, 0]), xy)
    # The second instance has the higher score, and does not contain the second point.
    np.testing.assert_array_equal(part, [LEFT, 0, RIGHT])
    np.testing.assert_allclose(uv[[0, 2]], [[0.25, 0.5], [0.75, 0.25]], atol=1e-6)


@pytest.mark.parametrize("channels", [2, 15])
def test_foreground_equals_interpolation_with_half_pixel_centres(channels):
    scores = torch.randn(channels, 14, 14, generator=torch.Generator().manual_seed(channels))
    box = np.array([10.0, 20.0, 50.0, 70.0])
    mask = in_image(foreground_mask(scores.numpy(), box, height=100, width=80), 100, 80)
    resized = F.interpolate(scores[None], (50, 40), mode="bilinear", align_corners=False)[0]
    np.testing.assert_array_equal(mask[20:70, 10:50], (resized.argmax(0) > 0).numpy())
    assert mask.sum() == mask[20:70, 10:50].sum()


def test_a_pixel_belongs_to_the_box_that_contains_its_centre():
    mask = foreground_mask(FOREGROUND, np.array([1.4, 0.0, 3.6, 2.6]), height=5, width=6)
    rows, columns = np.nonzero(in_image(mask, 5, 6))
    assert set(rows) == {0, 1, 2}
    assert set(columns) == {1, 2, 3}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("box", [(2.0, 2, 2, 4), (50, 50, 60, 60), (-9, -9, -5, -5)])
def test_a_box_without_pixels_has_an_empty_mask(box):
    assert foreground_mask(FOREGROUND, np.array(box, dtype=float), height=8, width=8).area == 0


def test_a_box_beyond_the_image_is_cut():
    mask = foreground_mask(FOREGROUND, np.array([-4.0, 2, 4, 20]), height=8, width=8)
    expected = np.zeros((8, 8), dtype=bool)
    expected[2:, :4] = True
    np.testing.assert_array_equal(in_image(mask, 8, 8), expected)


def test_a_map_of_one_cell_covers_its_box():
    one = np.array([[[0.0]], [[1.0]]], dtype=np.float32)
    assert foreground_mask(one, np.array([0.0, 0, 4, 3]), height=8, width=8).area == 12

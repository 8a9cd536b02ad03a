import numpy as np
import pytest

from tests.uncertain_densepose.evaluation.scene import box_pixels
from uncertain_densepose.structures.mask_iou import (
    EMPTY_MASK,
    WindowMask,
    intersection_area,
    mask_iou,
)


def window(box) -> WindowMask:
    x, y, width, height = box
    return WindowMask(x, y, np.ones((height, width), dtype=bool))


def test_iou_and_the_share_of_the_detection_in_a_crowd():
    masks = [window([20, 0, 40, 40]), EMPTY_MASK]
    people = [window([0, 0, 40, 40]), window([0, 0, 50, 40]), window([100, 100, 10, 10])]
    iou = mask_iou(masks, people, np.array([False, True, False]))
    np.testing.assert_allclose(iou, [[1 / 3, 3 / 4, 0], [0, 0, 0]])
    assert mask_iou(masks[:0], people).shape == (0, 3)
    assert mask_iou(masks, []).shape == (2, 0)


@pytest.mark.parametrize("seed", range(5))
def test_the_intersection_is_that_of_the_whole_images(seed):
    rng = np.random.default_rng(seed)
    whole, windows = [], []
    for order in "CF":
        left, top, width, height = rng.integers(0, 40), rng.integers(0, 30), 60, 70
        pixels = np.asarray(rng.random((height, width)) < 0.5, order=order)
        windows.append(WindowMask(int(left), int(top), pixels))
        image = np.zeros((120, 120), dtype=bool)
        image[top : top + height, left : left + width] = pixels
        whole.append(image)
    assert intersection_area(*windows) == (whole[0] & whole[1]).sum() > 0
    assert windows[0].area == whole[0].sum()


@pytest.mark.parametrize("corner", [(-3, 5), (5, -3), (20, 5), (5, 20), (-50, 0), (0, 90)])
def test_a_mask_is_cut_at_the_edges_of_the_image(corner):
    left, top = corner
    mask = WindowMask.cropped(np.ones((10, 10), dtype=bool), left, top, height=24, width=25)
    assert mask.left >= 0 and mask.top >= 0
    assert mask.area == box_pixels([left, top, 10, 10], height=24, width=25).sum()

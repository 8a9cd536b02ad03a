import numpy as np
import pytest
from scipy.ndimage import zoom

from tests.uncertain_densepose.evaluation.scene import (
    HEIGHT,
    WIDTH,
    box_mask,
    box_pixels,
    encoded,
    in_image,
)
from uncertain_densepose.evaluation.ground_truth.person_mask import (
    part_mask_in_image,
    read_person_mask,
)
from uncertain_densepose.structures.coco_annotation import AnnotationError

BOX = np.array([10.0, 20.0, 51.0, 80.0])


def halves() -> tuple[np.ndarray, np.ndarray]:
    """The upper half of a box, and its left half below."""
    upper, lower = np.zeros((2, 256, 256), dtype=np.uint8)
    upper[:128] = 1
    lower[128:, :128] = 1
    return upper, lower


def blob(rng) -> np.ndarray:
    """(256, 256) uint8, smooth random outlines."""
    side = int(rng.integers(3, 20))
    smooth = zoom(rng.random((side, side)), 256 / side, order=1)[:256, :256]
    return np.asarray(np.pad(smooth > 0.5, [(0, 256 - n) for n in smooth.shape]), dtype=np.uint8)


def test_the_union_of_the_parts_comes_before_the_segmentation():
    parts = [encoded(cells) for cells in halves()] + [[]] * 12
    annotation = {"dp_masks": parts, "segmentation": box_mask(BOX)}
    mask = in_image(read_person_mask(annotation, BOX, HEIGHT, WIDTH).decode())
    expected = box_pixels([10, 20, 51, 40]) | box_pixels([10, 60, 25, 40])
    # Cells are 0.2 and 0.3 pixels wide.
    assert (mask != expected).sum() <= 100
    assert mask.sum() == pytest.approx(3 / 4 * 51 * 80, rel=0.02)


@pytest.mark.parametrize("dp_masks", [None, [], [[]] * 14])
def test_without_parts_the_segmentation_is_the_mask(dp_masks):
    annotation = {"dp_masks": dp_masks, "segmentation": box_mask(BOX)}
    mask = read_person_mask(annotation, BOX, HEIGHT, WIDTH).decode()
    np.testing.assert_array_equal(in_image(mask), box_pixels(BOX))


@pytest.mark.parametrize("seed", range(8))
def test_parts_are_resampled_as_by_scipys_zoom(seed):
    # With it, DensePose's evaluator brings parts to the size of the box.
    rng = np.random.default_rng(seed)
    for _ in range(10):
        cells = blob(rng)
        width, height = rng.uniform(3, 90, 2)
        box = np.array([*rng.uniform(0, 30, 2), width, height])
        scale = np.array([max(height, 1), max(width, 1)]) / 256
        resampled = zoom(cells.astype(np.float64), scale, order=1, prefilter=False) > 0.5
        expected = np.zeros((HEIGHT, WIDTH), dtype=bool)
        x, y = int(box[0]), int(box[1])
        shown = resampled[: int(box[1] + height) - y, : int(box[0] + width) - x]
        expected[y : y + shown.shape[0], x : x + shown.shape[1]] = shown
        mask = in_image(part_mask_in_image(cells, box, HEIGHT, WIDTH))
        # Pixels that are half in the mask may fall to either side of one half.
        assert (mask != expected).sum() <= 4


@pytest.mark.parametrize("box", [[-20, -30, 60, 60], [130, 100, 60, 60], [5, 5, 0, 0.4]])
def test_boxes_at_the_edge_and_without_area(box):
    cells = np.ones((256, 256), dtype=np.uint8)
    mask = part_mask_in_image(cells, np.array(box, dtype=float), HEIGHT, WIDTH)
    # The last row and column may be lost to rounding.
    expected = box_pixels(box).sum()
    assert expected - 61 <= in_image(mask).sum() <= expected


@pytest.mark.parametrize(
    ("dp_masks", "complaint"),
    [
        ([[]] * 13 + [3], "does not encode"),
        ([[]] * 13 + [{"size": [10, 10], "counts": "0"}], "does not encode"),
        ([[]] * 13 + [{"size": [256, 256], "counts": 5}], "does not encode"),
        ([{"size": [256, 256], "counts": "0"}], "1 masks instead of 14"),
    ],
)
def test_malformed_parts_are_refused(dp_masks, complaint):
    with pytest.raises(AnnotationError, match=f"'dp_masks'.*{complaint}"):
        read_person_mask({"dp_masks": dp_masks}, BOX, HEIGHT, WIDTH)


def test_no_mask_at_all_is_refused():
    with pytest.raises(AnnotationError, match="'segmentation'"):
        read_person_mask({}, BOX, HEIGHT, WIDTH)

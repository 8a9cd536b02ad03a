import dataclasses

import numpy as np
import pytest
import torch

from tests.uncertain_densepose.evaluation import plain_twin
from tests.uncertain_densepose.evaluation.scene import (
    SIDE,
    coco,
    instances,
    labelled,
    perfect_maps,
    unlabelled,
    write,
)
from uncertain_densepose.evaluation.detections.chart_detections import ChartDetections
from uncertain_densepose.evaluation.detections.detection_scores import (
    DetectionScores,
    score_detections,
)
from uncertain_densepose.evaluation.ground_truth.ground_truth import GroundTruth
from uncertain_densepose.evaluation.points.point_answers import read_all
from uncertain_densepose.structures import ChartMaps
from uncertain_densepose.surface import ChartLookup

BOXES = [[10, 20, 40, 60], [60, 20, 80, 90], [5, 5, 30, 40]]


@pytest.fixture
def image(tmp_path):
    rng = np.random.default_rng(3)
    people = [
        labelled(1, 1, BOXES[0], rng),
        unlabelled(2, 1, BOXES[2]),
        labelled(3, 1, BOXES[1], rng),
    ]
    for person in (people[0], people[2]):
        person["dp_I"][:6] = rng.integers(1, 25, 6).tolist()
    return GroundTruth.load(write(tmp_path / "val.json", coco(people, num_images=1)))[1]


def score(image, instances, distance, kappa_m=None) -> DetectionScores:
    detections = ChartDetections(instances)
    return score_detections(image, detections, read_all(image, detections, distance), kappa_m)


def blurred(generator, count, channels):
    """Smooth random maps with values in [0, 1]."""
    coarse = torch.rand(count, channels, 7, 7, generator=generator)
    return torch.nn.functional.interpolate(coarse, size=(SIDE, SIDE), mode="bilinear")


def disturbed_maps(seed) -> ChartMaps:
    """Maps of six boxes: right but for smooth errors of the coordinates and random background in
    the first three, random altogether in the others."""
    generator = torch.Generator().manual_seed(seed)
    maps = perfect_maps(3)
    near = dataclasses.replace(
        maps,
        coarse_segm=blurred(generator, 3, 2) + torch.tensor([0.0, 0.2])[:, None, None],
        u=maps.u + blurred(generator, 3, 25) - 0.5,
        v=maps.v + blurred(generator, 3, 25) - 0.5,
    )
    far = ChartMaps(
        coarse_segm=blurred(generator, 3, 2),
        fine_segm=blurred(generator, 3, 25),
        u=blurred(generator, 3, 25),
        v=blurred(generator, 3, 25),
    )
    return ChartMaps.cat([near, far])


@pytest.mark.parametrize("seed", range(3))
def test_gps_equals_a_loop_over_detections_people_and_points(
    image, flat_surface, flat_distance, seed
):
    rng = np.random.default_rng(seed)
    found = instances(np.array(BOXES * 2) + rng.uniform(-8, 8, (6, 4)), maps=disturbed_maps(seed))
    gps = score(image, found, flat_distance).gps
    body = flat_surface, ChartLookup(flat_surface), flat_surface.chart_jacobian()
    expected = [
        [plain_twin.gps(*body, image, person, one) for person in range(3)]
        for one in plain_twin.PlainCharts.all_of(found)
    ]
    np.testing.assert_allclose(gps, expected, atol=1e-9)
    assert 0.1 < gps.max() < 0.9


def test_mask_iou_is_that_of_the_foreground_with_labelled_people(image, flat_distance):
    x, y, width, height = BOXES[0]
    shifted = [x, y + 30, width, height]
    scores = score(image, instances([shifted, BOXES[1]]), flat_distance)
    # Two boxes of 60 pixels, 30 apart: 1/3; the labelled person beside it overlaps it nowhere, and
    # the unlabelled one, at 5..35 x 5..45, in 25 x 0 pixels, for it begins at 50.
    np.testing.assert_allclose(scores.mask_iou, [[1 / 3, 0, 0], [0, 0, 1]], atol=1e-9)


def test_no_detections_and_no_people(image, flat_distance, tmp_path):
    empty = GroundTruth.load(write(tmp_path / "none.json", coco([], num_images=1)))[1]
    nothing = instances(np.zeros((0, 4)))
    assert score(image, nothing, flat_distance).gps.shape == (0, 3)
    scores = score(empty, instances(BOXES), flat_distance)
    assert scores.gps.shape == scores.mask_iou.shape == (3, 0)
    assert score(empty, nothing, flat_distance).mask_iou.shape == (0, 0)

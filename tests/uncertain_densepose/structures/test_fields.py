"""Chart maps and point annotations behave as fields of Detectron2's `Instances`."""

import pytest
import torch
from detectron2.structures import Instances

from uncertain_densepose.structures import ChartMaps, PointAnnotations, PointAnnotationsList


def random_maps(boxes, side=4):
    shape = (boxes, 25, side, side)
    return ChartMaps(
        coarse_segm=torch.randn(boxes, 2, side, side),
        fine_segm=torch.randn(shape),
        u=torch.rand(shape),
        v=torch.rand(shape),
        variance=torch.rand(shape) + 0.1,
        direction=torch.randn(boxes, 2, 25, side, side),
        shared_covariance=torch.eye(2).expand(boxes, 25, 2, 2),
    )


def person(points):
    return PointAnnotations(
        torch.rand(points, 2), torch.ones(points, dtype=torch.int64), torch.rand(points, 2)
    )


@pytest.mark.parametrize(
    ("item", "kept"),
    [
        (slice(1, 3), [1, 2]),
        (torch.tensor([True, False, True]), [0, 2]),
        (torch.tensor([2, 0]), [2, 0]),
        (-1, [2]),
        (slice(0, 0), []),
    ],
)
def test_indexing_keeps_maps_and_annotations_in_step(item, kept):
    instances = Instances((10, 10))
    instances.maps = random_maps(3)
    instances.points = PointAnnotationsList([person(1), None, person(3)])
    chosen = instances[item]
    torch.testing.assert_close(chosen.maps.u, instances.maps.u[kept])
    torch.testing.assert_close(chosen.maps.direction, instances.maps.direction[kept])
    assert list(chosen.points) == [instances.points.people[k] for k in kept]


def test_instances_can_be_joined():
    pair = []
    for _ in range(2):
        instances = Instances((10, 10))
        instances.maps = random_maps(2)
        instances.points = PointAnnotationsList([person(1), None])
        pair.append(instances)
    joined = Instances.cat(pair)
    assert len(joined) == 4 and len(joined.maps) == 4 and len(joined.points) == 4
    torch.testing.assert_close(joined.maps.variance[2:], pair[1].maps.variance)


def test_empty_annotations_move_between_devices():
    moved = PointAnnotationsList([person(0), None]).to("cpu")
    assert len(moved.people[0]) == 0 and moved.people[1] is None


def test_sampling_reads_the_predicted_part():
    maps = random_maps(1)
    coarse, fine = torch.zeros(1, 2, 4, 4), torch.zeros(1, 25, 4, 4)
    coarse[0, 1, :, 2:] = 9.0  # the right half is a person
    fine[0, 7] = 9.0
    maps = ChartMaps(coarse, fine, maps.u, maps.v)
    found = maps.sample(torch.tensor([0, 0]), torch.tensor([[0.125, 0.125], [0.875, 0.625]]))
    assert found.part.tolist() == [0, 7]
    torch.testing.assert_close(
        found.mean_uv[1], torch.stack([maps.u[0, 7, 2, 3], maps.v[0, 7, 2, 3]])
    )
    assert found.variance is None and found.covariance() is None


def test_sampling_in_a_given_part_has_the_sum_of_all_covariances():
    maps = random_maps(2)
    found = maps.sample(torch.tensor([1]), torch.tensor([[0.375, 0.125]]), part=torch.tensor([5]))
    r = maps.direction[1, :, 5, 0, 1]
    expected = maps.variance[1, 5, 0, 1] * torch.eye(2) + torch.outer(r, r) + torch.eye(2)
    torch.testing.assert_close(found.covariance()[0], expected)

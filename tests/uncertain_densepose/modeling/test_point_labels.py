"""Labels of proposals: which points are kept, and where they come to lie."""

import torch
from detectron2.structures import Boxes, Instances

from tests.model_factory import make_points
from uncertain_densepose.modeling.point_labels import (
    coarse_labels_from_parts,
    gather_points,
    select_labelled,
)
from uncertain_densepose.structures import PointAnnotations, PointAnnotationsList
from uncertain_densepose.structures.point_convention import POINT_CONVENTIONS

ALIGNED = POINT_CONVENTIONS["aligned"]


def proposals(boxes, gt_boxes, people):
    image = Instances((200, 200))
    image.proposal_boxes = Boxes(torch.tensor(boxes))
    image.gt_boxes = Boxes(torch.tensor(gt_boxes))
    image.gt_densepose = PointAnnotationsList(people)
    return image


def one_point(x, y):
    return PointAnnotations(
        xy=torch.tensor([[x, y]]), part=torch.tensor([3]), uv=torch.tensor([[0.25, 0.75]])
    )


def test_points_move_from_the_annotation_box_to_the_proposal():
    image = proposals([[0.0, 0, 100, 100]], [[50.0, 0, 100, 50]], [one_point(127.5, 255.0)])
    labels = gather_points([image], ALIGNED)
    torch.testing.assert_close(labels.xy_box, torch.tensor([[0.75, 0.5]]))
    assert labels.part.tolist() == [3]
    torch.testing.assert_close(labels.uv, torch.tensor([[0.25, 0.75]]))


def test_conventions_differ_in_the_extent():
    image = proposals([[0.0, 0, 100, 100]], [[0.0, 0, 100, 100]], [one_point(128.0, 64.0)])
    labels = gather_points([image], POINT_CONVENTIONS["densepose"])
    torch.testing.assert_close(labels.xy_box, torch.tensor([[0.5, 0.25]]))


def test_points_outside_proposal_or_annotation_box_are_left_out():
    inside_gt_only = proposals([[0.0, 0, 40, 100]], [[0.0, 0, 100, 100]], [one_point(250.0, 9.0)])
    malformed = proposals([[0.0, 0, 200, 200]], [[0.0, 0, 100, 100]], [one_point(300.0, 9.0)])
    assert len(gather_points([inside_gt_only], ALIGNED)) == 0
    assert len(gather_points([malformed], ALIGNED)) == 0


def test_boxes_are_numbered_over_all_images():
    first = proposals([[0.0, 0, 9, 9]] * 2, [[0.0, 0, 9, 9]] * 2, [make_points(0), make_points(4)])
    none = proposals([[0.0, 0, 9, 9]], [[0.0, 0, 9, 9]], [make_points(1)])[:0]
    last = proposals([[0.0, 0, 9, 9]], [[0.0, 0, 9, 9]], [make_points(2)])
    assert gather_points([first, none, last], ALIGNED).box.tolist() == [1, 1, 1, 1, 2, 2]


def test_a_box_without_area_holds_no_points():
    image = proposals([[5.0, 5, 5, 5]], [[5.0, 5, 5, 5]], [make_points(3)])
    labels = gather_points([image], ALIGNED)
    assert len(labels) == 0


def test_selection_wants_labels_and_overlap():
    image = proposals(
        [[0.0, 0, 10, 10], [0.0, 0, 10, 10], [5.0, 0, 15, 10]],
        [[0.0, 0, 10, 10]] * 3,
        [make_points(1), None, make_points(1)],
    )
    assert [len(kept) for kept in select_labelled([image], 0.7)] == [1]
    unlabelled = Instances((200, 200))
    unlabelled.proposal_boxes = Boxes(torch.zeros(4, 4))
    assert [len(kept) for kept in select_labelled([unlabelled], 0.7)] == [0]


def test_coarse_targets_follow_the_proposal():
    segm = torch.zeros(256, 256, dtype=torch.uint8)
    segm[:, 128:] = 7
    person = PointAnnotations(
        torch.zeros(0, 2), torch.zeros(0, dtype=torch.int64), torch.zeros(0, 2), segm
    )
    image = proposals([[0.0, 0, 200, 100]], [[0.0, 0, 100, 100]], [person])
    coarse = coarse_labels_from_parts([image], side=8, num_channels=15)
    assert coarse.box.tolist() == [0]
    assert coarse.target[0, 0].tolist() == [0, 0, 7, 7, 0, 0, 0, 0]
    binary = coarse_labels_from_parts([image], side=8, num_channels=2)
    assert binary.target[0, 0].tolist() == [0, 0, 1, 1, 0, 0, 0, 0]


def test_one_person_without_part_masks_does_not_switch_off_the_others():
    people = [make_points(2), make_points(2, coarse=True)]
    image = proposals([[0.0, 0, 9, 9]] * 2, [[0.0, 0, 9, 9]] * 2, people)
    coarse = coarse_labels_from_parts([image], side=4, num_channels=2)
    assert coarse.box.tolist() == [1] and coarse.target.shape == (1, 4, 4)

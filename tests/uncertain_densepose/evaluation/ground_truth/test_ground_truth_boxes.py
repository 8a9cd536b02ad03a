import numpy as np
import pytest
import torch
from detectron2.evaluation import inference_on_dataset
from detectron2.modeling import GeneralizedRCNN
from torch import nn

from tests.uncertain_densepose.evaluation.scene import coco, labelled, unlabelled, write
from uncertain_densepose.evaluation.ground_truth.ground_truth import GroundTruth
from uncertain_densepose.evaluation.ground_truth.ground_truth_boxes import (
    AnnotatedBoxes,
    GroundTruthBoxModel,
    labelled_boxes,
)


class RecordingModel(nn.Module):
    """Keeps the boxes that it is given, and postprocesses them as a `GeneralizedRCNN` does."""

    def __init__(self):
        super().__init__()
        self.given = []

    def inference(self, batched_inputs, detected_instances=None, do_postprocess=True):
        assert not self.training
        self.given = [instances.pred_boxes.tensor.clone() for instances in detected_instances]
        sizes = [record["image"].shape[-2:] for record in batched_inputs]
        return GeneralizedRCNN._postprocess(detected_instances, batched_inputs, sizes)


def record(image_id, input_size, size):
    return {
        "image_id": image_id,
        "image": torch.zeros(3, *input_size),
        "height": size[0],
        "width": size[1],
    }


def wrap(boxes):
    return GroundTruthBoxModel(RecordingModel(), boxes).eval()


def test_boxes_are_scaled_to_the_networks_input_and_come_back():
    corners = np.array([[10.0, 20.0, 40.0, 60.0], [0.0, 0.0, 160.0, 120.0]])
    model = wrap({5: AnnotatedBoxes(np.array([31, 42]), corners)})
    # Height times 2, width times 3.
    (output,) = model([record(5, (240, 480), (120, 160))])
    np.testing.assert_allclose(model.model.given[0], corners * [3, 2, 3, 2])
    instances = output["instances"]
    assert instances.image_size == (120, 160)
    np.testing.assert_allclose(instances.pred_boxes.tensor, corners, rtol=1e-6)
    assert instances.annotation_id.tolist() == [31, 42]
    assert instances.scores.tolist() == [1.0, 1.0]
    assert instances.pred_classes.tolist() == [0, 0]


def test_without_an_output_size_boxes_are_in_pixels_of_the_input():
    corners = np.array([[10.0, 20.0, 40.0, 60.0]])
    model = wrap({5: (np.array([31]), corners)})
    model([{"image_id": 5, "image": torch.zeros(3, 120, 160)}])
    np.testing.assert_allclose(model.model.given[0], corners)


def test_boxes_are_cut_before_their_maps_are_made():
    model = wrap({5: (np.array([31]), np.array([[-10.0, 20.0, 40.0, 150.0]]))})
    model([record(5, (240, 320), (120, 160))])
    np.testing.assert_allclose(model.model.given[0], [[0, 40, 80, 240]])


def test_images_without_people_in_a_batch_with_others():
    model = wrap(
        {
            1: (np.zeros(0, dtype=np.int64), np.zeros((0, 4))),
            2: (np.array([7]), np.array([[0.0, 0, 10, 10]])),
            3: ([], []),
        }
    )
    outputs = model([record(key, (60, 80), (120, 160)) for key in (1, 2, 3)])
    assert [len(output["instances"]) for output in outputs] == [0, 1, 0]
    assert outputs[0]["instances"].pred_boxes.tensor.shape == (0, 4)


def test_an_unknown_image_is_named():
    with pytest.raises(ValueError, match="image 9"):
        wrap({})([record(9, (60, 80), (120, 160))])


def test_boxes_of_labelled_people_are_asked_for_and_of_no_others(tmp_path):
    rng = np.random.default_rng(0)
    annotations = [
        labelled(7, 1, [10, 20, 30, 40], rng),
        unlabelled(8, 1, [0, 0, 10, 10]),
        labelled(9, 1, [0, 0, 60, 60], rng, iscrowd=1),
    ]
    truth = GroundTruth.load(write(tmp_path / "val.json", coco(annotations, num_images=2)))
    boxes = labelled_boxes(truth)
    assert boxes[1].annotation_id.tolist() == [7]
    np.testing.assert_array_equal(boxes[1].boxes_xyxy, [[10, 20, 40, 60]])
    assert boxes[2].boxes_xyxy.shape == (0, 4)


def test_detectron2_runs_it_in_evaluation_mode():
    model = GroundTruthBoxModel(RecordingModel(), {1: ([7], [[0.0, 0, 10, 10]])})
    batches = [[record(1, (60, 80), (120, 160))]] * 3
    assert model.training
    inference_on_dataset(model, batches, None)
    assert model.training
    assert model.model.training

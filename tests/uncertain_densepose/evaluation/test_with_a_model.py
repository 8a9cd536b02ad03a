"""The evaluators behind a real, untrained model, as `tools/train_net.py` runs them."""

import math

import numpy as np
import pytest
import torch
from detectron2.evaluation import inference_on_dataset

from tests.model_factory import make_config, make_model
from tests.uncertain_densepose.evaluation.scene import HEIGHT, WIDTH, labelled
from uncertain_densepose.evaluation import (
    DensePoseEvaluator,
    GlobalVarianceEvaluator,
    GroundTruthBoxEvaluator,
    GroundTruthBoxModel,
)


@pytest.fixture
def dataset(register):
    """One person, the second one at the image's edge, and an image without people."""
    rng = np.random.default_rng(0)
    boxes = [[10, 20, 40, 60], [120, 30, 60, 110]]
    return register([labelled(key, 1, box, rng) for key, box in enumerate(boxes)], num_images=2)


@pytest.fixture
def loader():
    """A batch of both images at 4/5 of their size."""
    generator = torch.Generator().manual_seed(0)
    size = HEIGHT * 4 // 5, WIDTH * 4 // 5
    return [
        [
            {
                "image_id": key,
                "image": 255 * torch.rand(3, *size, generator=generator),
                "height": HEIGHT,
                "width": WIDTH,
            }
        ]
        for key in (1, 2)
    ]


@pytest.mark.parametrize("noise_model", ["mse", "full", "full_similarity"])
def test_given_boxes_and_detected_boxes(dataset, loader, flat_distance, noise_model):
    model = make_model(make_config(noise_model, "MODEL.ROI_HEADS.SCORE_THRESH_TEST", 0.0))
    told = GroundTruthBoxModel.for_dataset(model, dataset)
    fitted = inference_on_dataset(told, loader, GlobalVarianceEvaluator(dataset))
    variance = fitted["global_variance"]["variance_uv"]
    options = {"surface": flat_distance, "global_variance": variance}
    given = inference_on_dataset(told, loader, GroundTruthBoxEvaluator(dataset, **options))
    likelihood = given["likelihood_gt_boxes"]
    # The second box reaches 20 pixels beyond the image: its points there are left out.
    num_read = fitted["global_variance"]["num_points"]
    assert 12 < num_read < 24
    assert likelihood["points_read"] == 100
    # The variance was fitted on these very points, where its likelihood is -log 2 π e s.
    assert likelihood["global_variance_nats_per_point"] == pytest.approx(
        -math.log(2 * math.pi * math.e * variance)
    )
    assert math.isfinite(likelihood["nats_per_point"])
    same = likelihood["nats_per_point"] == likelihood["global_variance_nats_per_point"]
    assert same == (noise_model == "mse")
    found = inference_on_dataset(model, loader, DensePoseEvaluator(dataset, **options))
    assert found["correspondence"]["num_points"] == num_read
    assert 0 <= found["densepose_gps"]["AP"] <= 100

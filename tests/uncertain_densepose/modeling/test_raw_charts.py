"""Charts at points against the dense upsampled maps, values and gradients."""

import pytest
import torch
import torch.nn.functional as F

from tests.model_factory import make_config, make_model

SIDE = 7


def dense_twin(predictor, features, box, position):
    """Every map at full size, then bilinear sampling: by the names of `ChartsAtPoints`."""
    grid = (2 * position / (4 * SIDE - 1) - 1)[:, None, None, :]

    def upsampled(name):
        maps = getattr(predictor, f"{name}_lowres")(features)
        return F.interpolate(maps, scale_factor=2, mode="bilinear", align_corners=False)

    def sampled(maps):
        return F.grid_sample(maps[box], grid, align_corners=True, padding_mode="border")[..., 0, 0]

    fine = upsampled("index_uv")
    epsilon = predictor.segm_confidence_epsilon
    if epsilon is not None:
        fine = fine * (epsilon + F.softplus(upsampled("fine_segm_confidence")))
    names = ["u", "v", *predictor.noise_model.point_fields]
    return {"index_uv": sampled(fine)} | {name: sampled(upsampled(name)) for name in names}


@pytest.mark.parametrize("confident", [False, True])
@pytest.mark.parametrize("name", ["mse", "full"])
def test_values_and_gradients_at_points_are_those_of_the_dense_maps(name, confident):
    key = "MODEL.ROI_DENSEPOSE_HEAD.SEGM_CONFIDENCE.ENABLED"
    model = make_model(make_config(name, key, confident))
    predictor = model.roi_heads.densepose_predictor.double()
    generator = torch.Generator().manual_seed(1)
    features = torch.randn(3, 16, SIDE, SIDE, generator=generator, dtype=torch.float64)
    features.requires_grad_()
    box = torch.randint(0, 3, (100,), generator=generator)
    # Also beyond the border, where both clamp.
    position = (4 * SIDE + 2) * torch.rand(100, 2, generator=generator, dtype=torch.float64) - 1

    at_points = predictor(features).at_points(box, position)
    found = {"index_uv": at_points.fine_segm, "u": at_points.u, "v": at_points.v}
    found |= at_points.point_logits
    expected = dense_twin(predictor, features, box, position)
    assert found.keys() == expected.keys()
    coarse = predictor.ann_index_lowres(features)
    torch.testing.assert_close(at_points.coarse_segm.logits, coarse)

    leaves = {"features": features, **dict(predictor.named_parameters())}
    slope = torch.randn(100, 25, generator=generator, dtype=torch.float64)
    slopes = []
    for values in (found, expected):
        total = sum((field * slope).sum() for field in values.values())
        slopes.append(torch.autograd.grad(total, list(leaves.values()), allow_unused=True))
    for field, values in found.items():
        torch.testing.assert_close(values, expected[field], msg=field)
    for leaf, mine, twin in zip(leaves, *slopes, strict=True):
        # What only the coarse segmentation needs gets zeros from the fused layer.
        twin = torch.zeros_like(mine) if twin is None and mine is not None else twin
        torch.testing.assert_close(mine, twin, msg=leaf)


def test_no_points_give_a_graph_with_every_layer():
    predictor = make_model(make_config("full")).roi_heads.densepose_predictor
    none = torch.zeros(0, dtype=torch.int64)
    found = predictor(torch.randn(2, 16, SIDE, SIDE)).at_points(none, torch.zeros(0, 2))
    assert found.u.shape == (0, 25)
    sum(tensor.sum() for tensor in found.tensors()).backward()
    assert all(parameter.grad is not None for parameter in predictor.parameters())

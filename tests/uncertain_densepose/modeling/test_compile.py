"""`torch.compile` of head, predictor, noise models and reading at points.

The graphs are captured whole and run by ATen, so that the tests need no compiler; values and
gradients are those of eager mode. Inductor (PyTorch 2.11 on a CPU) was tried by hand: the same
pieces compile whole. The loss as a whole compiles with graph breaks: it reads an event storage,
lists of people and, with several workers, a process group.
"""

import pytest
import torch

from tests.model_factory import make_config, make_model
from uncertain_densepose.modeling.noise_models import build_noise_model

HEADS = ("DensePoseV1ConvXHead", "DensePoseDeepLabHead")


def compiled(function):
    torch.compiler.reset()
    return torch.compile(function, backend="aot_eager", fullgraph=True)


def assert_same(function, inputs):
    """The same values, and the same gradients of a random combination of them."""
    results = []
    for run in (function, compiled(function)):
        leaves = [
            x.detach().clone().requires_grad_() if x.is_floating_point() else x for x in inputs
        ]
        out = run(*leaves)
        torch.manual_seed(0)
        (out * torch.randn(out.shape)).sum().backward()
        results.append([out, *(x.grad for x in leaves if x.is_floating_point())])
    for found, expected in zip(results[1], results[0], strict=True):
        torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("name", HEADS)
def test_head_and_predictor(name):
    # GroupNorm of the DeepLab head needs channels by the 32.
    options = ("MODEL.ROI_DENSEPOSE_HEAD.NAME", name, "MODEL.FPN.OUT_CHANNELS", 32)
    cfg = make_config("full", *options, "MODEL.ROI_DENSEPOSE_HEAD.CONV_HEAD_DIM", 32)
    heads = make_model(cfg).roi_heads
    features = torch.randn(3, 32, 14, 14)
    assert_same(heads.densepose_head, [features])

    def dense(x):
        maps = heads.densepose_predictor(heads.densepose_head(x)).maps()
        return torch.stack([field.mean() for field in maps.values()])

    assert_same(dense, [features])


@pytest.mark.parametrize("name", ["mse", "iid_iso", "indep_aniso", "full"])
def test_noise_models(name):
    model = build_noise_model(make_config(name))
    torch.manual_seed(1)
    mean, target = torch.rand(2, 20, 2)
    group = torch.randint(0, 4, (20,))
    fields = [*model.point_fields, *model.shared_fields]
    raw = [torch.randn(20) for _ in model.point_fields]
    raw += [torch.randn(4) for _ in model.shared_fields]

    def loss(mean_uv, target_uv, *values):
        return model.loss(mean_uv, target_uv, dict(zip(fields, values, strict=True)), group)

    assert_same(loss, [mean, target, *raw])


def test_charts_at_points():
    predictor = make_model(make_config("full")).roi_heads.densepose_predictor
    torch.manual_seed(2)
    box, position = torch.randint(0, 3, (30,)), 24 * torch.rand(30, 2)

    def read(features):
        found = predictor(features).at_points(box, position)
        return torch.stack([tensor.square().mean() for tensor in found.tensors()])

    assert_same(read, [torch.randn(3, 16, 6, 6)])

"""Losses and gradients on fixed input are what they have always been.

The numbers were recorded before the losses became free functions. Inputs are waves, so that they
are the same with every version of torch.
"""

import pytest
import torch
from detectron2.layers import ShapeSpec
from detectron2.modeling import build_roi_heads
from detectron2.structures import BitMasks, Boxes, Instances
from detectron2.utils.events import EventStorage

from tests.model_factory import make_config
from uncertain_densepose.structures import PointAnnotations, PointAnnotationsList

HEAD = "MODEL.ROI_DENSEPOSE_HEAD."
UV = f"{HEAD}UV_CONFIDENCE."
COLUMNS = ("loss_densepose_UV", "loss_densepose_I", "loss_densepose_S", "features", "parameters")
"""Losses, and the norms of the gradients of their sum."""

CASES = {
    "smooth_l1": ("smooth_l1",),
    "mse": ("mse",),
    "iid_iso": ("iid_iso",),
    "indep_aniso": ("indep_aniso",),
    "full": ("full",),
    "full_similarity": ("full_similarity",),
    "sums": ("full", f"{HEAD}UV_REDUCTION", "sum"),
    "shared by part": ("full", f"{UV}SHARED_FROM", "part"),
    "shared from points": ("full_similarity", f"{UV}SHARED_FROM", "points"),
    "segmentation confidence": ("full", f"{HEAD}SEGM_CONFIDENCE.ENABLED", True),
    "beta and anchor": ("full", f"{UV}BETA", 0.5, f"{UV}MSE_ANCHOR_WEIGHT", 0.1),
    "warm start": ("full", f"{UV}WARM_START_ITERS", 5),
    "points of densepose": ("full", f"{HEAD}POINT_CONVENTION", "densepose"),
    "15 coarse parts": (
        *("indep_aniso", f"{HEAD}COARSE_SEGM_TRAINED_BY_MASKS", False),
        *(f"{HEAD}NUM_COARSE_SEGM_CHANNELS", 15),
    ),
}


def wave(*shape, step):
    """Float64 numbers in [-1, 1] of a fixed pattern."""
    count = torch.Size(shape).numel()
    return torch.sin(step * torch.arange(1, count + 1, dtype=torch.float64)).view(shape)


def person(count, step):
    index = torch.arange(count)
    return PointAnnotations(
        xy=(127.5 + 127.5 * wave(count, 2, step=step)).float(),
        part=1 + (index * index) % 7,
        uv=(0.5 + 0.5 * wave(count, 2, step=1.7 * step)).float(),
        coarse_segm=(torch.arange(256 * 256).view(256, 256) // 97 % 15).to(torch.uint8),
    )


def image(people, shift):
    boxes = torch.tensor([[4.0 + 30 * k, 6.0, 34.0 + 30 * k, 90.0] for k in range(len(people))])
    given = Instances((96, 96))
    given.gt_boxes = Boxes(boxes)
    given.proposal_boxes = Boxes(boxes + torch.tensor(shift))
    given.gt_masks = BitMasks(wave(len(people), 96, 96, step=0.13) > 0)
    given.gt_densepose = PointAnnotationsList(people)
    return given


def measured(*options):
    """One number a column."""
    shapes = {f"p{k}": ShapeSpec(channels=16, stride=2**k) for k in range(2, 6)}
    heads = build_roi_heads(make_config(*options), shapes)
    predictor = heads.densepose_predictor.double()
    with torch.no_grad():
        for k, parameter in enumerate(predictor.parameters()):
            if parameter.dim() > 1:
                parameter.copy_(0.1 * wave(*parameter.shape, step=0.7 + 0.1 * k))
    features = wave(3, 16, 14, 14, step=0.37).requires_grad_()
    proposals = [
        image([person(40, 0.9), person(25, 1.1)], [1.0, -2.0, 2.0, 3.0]),
        image([person(12, 0.6)], [-1.0, 2.0, 1.5, -4.0]),
    ]
    with EventStorage(0):
        losses = heads.densepose_loss(proposals, predictor(features))
    leaves = [features, *predictor.parameters()]
    own, *others = torch.autograd.grad(sum(losses.values()), leaves)
    numbers = {name: loss.item() for name, loss in losses.items()}
    numbers["features"] = own.norm().item()
    numbers["parameters"] = torch.cat([gradient.flatten() for gradient in others]).norm().item()
    return [numbers[name] for name in COLUMNS]


RECORDED = {
    "smooth_l1": (1.26102094, 12.805125, 4.36160185, 0.24200011, 4.06986414),
    "mse": (2.49707117, 12.805125, 4.36160185, 0.368279216, 4.8493525),
    "iid_iso": (2.15522731, 12.805125, 4.36160185, 0.373686901, 4.92070341),
    "indep_aniso": (1.98147895, 12.805125, 4.36160185, 0.431842799, 5.57197764),
    "full": (1.94153433, 12.805125, 4.36160185, 0.42036668, 5.47158075),
    "full_similarity": (1.9412963, 12.805125, 4.36160185, 0.419176622, 5.46189019),
    "sums": (126.199732, 12.805125, 4.36160183, 24.8024477, 258.024305),
    "shared by part": (1.94154563, 12.805125, 4.36160185, 0.420372055, 5.47152812),
    "shared from points": (1.94118069, 12.805125, 4.36160185, 0.41921516, 5.46155331),
    "segmentation confidence": (1.7685387, 12.803913, 4.3651696, 0.323112264, 5.14128777),
    "beta and anchor": (0.994211007, 12.805125, 4.36160185, 0.399633648, 5.5411199),
    "warm start": (1.24853558, 12.805125, 4.36160185, 0.240924683, 4.06409875),
    "points of densepose": (1.95115689, 12.8132329, 4.36160185, 0.426846918, 5.52651241),
    "15 coarse parts": (1.98147895, 12.805125, 16.2862673, 0.434557024, 5.38678569),
}


@pytest.mark.parametrize("case", CASES)
def test_losses_and_gradients_are_the_recorded_ones(case):
    assert measured(*CASES[case]) == pytest.approx(RECORDED[case], rel=1e-6)

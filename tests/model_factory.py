"""A small dense-pose model and hand-made training input, without any data set on disk."""

import torch
from detectron2.config import get_cfg
from detectron2.modeling import build_model
from detectron2.structures import BitMasks, Boxes, Instances

from uncertain_densepose import add_uncertain_densepose_config
from uncertain_densepose.structures import PointAnnotations, PointAnnotationsList

NOISE_MODELS = ("smooth_l1", "mse", "iid_iso", "indep_aniso", "full")
SIDE = 96


def make_config(noise_model="full", *overrides):
    """The synthetic configuration, narrowed to what a test can afford."""
    cfg = get_cfg()
    add_uncertain_densepose_config(cfg)
    cfg.merge_from_file("configs/synth/unc_full.yaml")
    head = cfg.MODEL.ROI_DENSEPOSE_HEAD
    head.UV_CONFIDENCE.TYPE = noise_model
    head.UV_CONFIDENCE.WARM_START_ITERS = 0
    head.UV_CONFIDENCE.REFERENCE_VARIANCE = 0.01
    head.NUM_STACKED_CONVS = 2
    head.CONV_HEAD_DIM = 16
    cfg.MODEL.BACKBONE.NAME = "build_narrow_resnet18_fpn_backbone"
    cfg.MODEL.RESNETS.STEM_OUT_CHANNELS = 16
    cfg.MODEL.RESNETS.RES2_OUT_CHANNELS = 16
    cfg.MODEL.FPN.OUT_CHANNELS = 16
    cfg.MODEL.ROI_BOX_HEAD.FC_DIM = 16
    # Every proposal is sampled, the annotated box among them.
    cfg.MODEL.ROI_HEADS.BATCH_SIZE_PER_IMAGE = 512
    cfg.MODEL.ROI_HEADS.POSITIVE_FRACTION = 1.0
    cfg.MODEL.DEVICE = "cpu"
    cfg.merge_from_list(list(overrides))
    return cfg


def make_model(cfg, seed=0):
    """A model with reproducible random weights."""
    torch.manual_seed(seed)
    return build_model(cfg)


def make_points(count, seed=0, coarse=False):
    """Annotations of one person at random."""
    generator = torch.Generator().manual_seed(seed)
    segm = torch.randint(0, 15, (256, 256), generator=generator, dtype=torch.uint8)
    return PointAnnotations(
        xy=255 * torch.rand(count, 2, generator=generator),
        part=torch.randint(1, 25, (count,), generator=generator),
        uv=torch.rand(count, 2, generator=generator),
        coarse_segm=segm if coarse else None,
    )


def make_input(people, seed=0):
    """An image in which each of `people` (:class:`PointAnnotations` or None) has a box."""
    generator = torch.Generator().manual_seed(seed)
    boxes = [[4.0 + 30 * k, 6.0, 34.0 + 30 * k, 90.0] for k in range(len(people))]
    instances = Instances((SIDE, SIDE))
    instances.gt_boxes = Boxes(torch.tensor(boxes).reshape(-1, 4))
    instances.gt_classes = torch.zeros(len(people), dtype=torch.int64)
    masks = torch.rand(len(people), SIDE, SIDE, generator=generator) > 0.5
    instances.gt_masks = BitMasks(masks)
    instances.gt_densepose = PointAnnotationsList(people)
    image = 255 * torch.rand(3, SIDE, SIDE, generator=generator)
    return {"image": image, "instances": instances, "height": SIDE, "width": SIDE}

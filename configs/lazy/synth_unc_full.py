"""The counterpart of ../synth/unc_full.yaml: a small network on the embedded data."""

import torch
from detectron2.config import LazyCall as L
from detectron2.solver import WarmupParamScheduler
from detectron2.solver.build import get_default_optimizer_params
from fvcore.common.param_scheduler import CosineParamScheduler

from uncertain_densepose.engine.optimizer import clipped_optimizer
from uncertain_densepose.modeling.movenet import PIXEL_MEAN, MoveNet

from .unc_full import dataloader, evaluation, model, train  # noqa: F401

channels = 64
model.pixel_mean = model.pixel_std = [PIXEL_MEAN] * 3
model.backbone.update(
    bottom_up=L(MoveNet)(freeze_at=5, input_format="BGR"),
    in_features=["res2", "res3", "res4", "res5"],
    out_channels=channels,
    norm="BN",
)

proposals = model.proposal_generator
proposals.in_features = ["p3", "p4", "p5", "p6"]
proposals.head.in_channels = channels
proposals.anchor_generator.update(
    sizes=[[32], [64], [128], [256]], aspect_ratios=[1.0, 2.0, 3.0], strides=[8, 16, 32, 64]
)
proposals.update(pre_nms_topk=(400, 200), post_nms_topk=(200, 100), batch_size_per_image=128)

heads = model.roi_heads
heads.update(batch_size_per_image=24, positive_fraction=0.1667)
heads.box_pooler.sampling_ratio = 1
heads.box_head.input_shape.channels = channels
heads.box_head.fc_dims = [256, 256]
heads.box_predictor.input_shape.channels = 256
heads.densepose_decoder = None
heads.densepose_iou_threshold = 0.5
heads.densepose_pooler.update(
    output_size=14, scales=[1 / 4, 1 / 8, 1 / 16, 1 / 32], sampling_ratio=1
)
heads.densepose_head.update(input_channels=channels, conv_dim=128, num_convs=4)
heads.densepose_loss.update(
    heatmap_size=56,
    coarse_by_masks=True,
    weight_coarse=6.0,
    weight_fine=4.0,
    weight_uv=0.1,
    warm_start_iters=480,
)

dataloader.train.dataset.names = ["synth_people_demo_train"]
dataloader.train.mapper.augmentations[0].update(short_edge_length=[160], max_size=220)
dataloader.train.mapper.update(use_instance_mask=True, use_part_masks=False)
dataloader.train.update(total_batch_size=4, num_workers=1)
dataloader.test.dataset.names = "synth_people_demo_val"
dataloader.test.mapper.augmentations[0].update(short_edge_length=160, max_size=220)
dataloader.test.num_workers = 1

train.init_checkpoint = ""
train.max_iter = 900
train.checkpointer.period = 300
train.output_dir = "./output/synth_unc_full"

optimizer = L(clipped_optimizer)(
    params=L(get_default_optimizer_params)(base_lr="${..lr}", weight_decay_norm=0.0),
    kind=torch.optim.AdamW,
    max_norm=10.0,
    lr=0.0008,
    weight_decay=0.01,
    fused=True,
)
lr_multiplier = L(WarmupParamScheduler)(
    scheduler=L(CosineParamScheduler)(start_value=1.0, end_value=0.0),
    warmup_factor=0.1,
    warmup_length=50 / 900,
    warmup_method="linear",
)

# Not keys of the config.
del heads, proposals

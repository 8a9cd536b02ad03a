"""ROI heads that call predictor and loss as DensePose's do, without a head between."""

from dataclasses import fields

import torch
from detectron2.modeling import ROI_HEADS_REGISTRY, StandardROIHeads
from detectron2.modeling.poolers import ROIPooler
from detectron2.modeling.roi_heads import select_foreground_proposals
from detectron2.structures.boxes import matched_pairwise_iou

from .modeling.losses.registry import DENSEPOSE_LOSS_REGISTRY
from .modeling.predictors.registry import DENSEPOSE_PREDICTOR_REGISTRY


@ROI_HEADS_REGISTRY.register()
class DensePoseROIHeads(StandardROIHeads):
    def __init__(self, cfg, input_shape):
        super().__init__(cfg, input_shape)
        options = cfg.MODEL.ROI_DENSEPOSE_HEAD
        scales = [1 / input_shape[name].stride for name in self.box_in_features]
        self.pooler = ROIPooler(options.POOLER_RESOLUTION, scales, 2, "ROIAlignV2")
        channels = input_shape[self.box_in_features[0]].channels
        predictor = DENSEPOSE_PREDICTOR_REGISTRY.get(options.PREDICTOR_NAME)
        self.densepose_predictor = predictor(cfg, channels)
        self.densepose_losses = DENSEPOSE_LOSS_REGISTRY.get(options.LOSS_NAME)(cfg)

    def _predict(self, features, boxes):
        levels = [features[name] for name in self.box_in_features]
        return self.densepose_predictor(self.pooler(levels, boxes))

    def forward(self, images, features, proposals, targets=None):
        instances, losses = super().forward(images, features, proposals, targets)
        if self.training:
            people, _ = select_foreground_proposals(instances, self.num_classes)
            near = [p[matched_pairwise_iou(p.gt_boxes, p.proposal_boxes) > 0.5] for p in people]
            labelled = [
                p[torch.tensor([k for k, d in enumerate(p.gt_densepose) if d is not None]).long()]
                for p in near
            ]
            output = self._predict(features, [p.proposal_boxes for p in labelled])
            losses.update(self.densepose_losses(labelled, output))
        return instances, losses

    def forward_with_given_boxes(self, features, instances):
        output, start = self._predict(features, [image.pred_boxes for image in instances]), 0
        for image in instances:
            part = {f.name: getattr(output, f.name) for f in fields(output)}
            stop = start + len(image)
            sliced = {k: t[start:stop] if torch.is_tensor(t) else t for k, t in part.items()}
            image.pred_densepose = type(output)(**sliced)
            start = stop
        return instances

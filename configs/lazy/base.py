"""The counterpart of ../Base-DensePose-RCNN-FPN.yaml; children change the noise model alone."""

import detectron2.data.transforms as T
import torch
from detectron2 import model_zoo
from detectron2.config import LazyCall as L
from detectron2.data import build_detection_test_loader, get_detection_dataset_dicts
from detectron2.layers import ShapeSpec
from detectron2.modeling.poolers import ROIPooler
from detectron2.solver import WarmupParamScheduler
from detectron2.solver.build import get_default_optimizer_params
from fvcore.common.param_scheduler import MultiStepParamScheduler
from omegaconf import OmegaConf

from uncertain_densepose.data import DensePoseDatasetMapper
from uncertain_densepose.data.mapper import chart_mirror_of
from uncertain_densepose.engine.data import spread_records
from uncertain_densepose.engine.model_evaluation import ModelEvaluation
from uncertain_densepose.engine.optimizer import clipped_optimizer
from uncertain_densepose.engine.train_loader import build_train_loader, training_records
from uncertain_densepose.evaluation import PersonBoxEvaluator
from uncertain_densepose.modeling import DensePoseROIHeads, DensePoseV1ConvXHead
from uncertain_densepose.modeling.chart_loss import DensePoseChartWithConfidenceLoss
from uncertain_densepose.modeling.chart_predictor import DensePoseChartWithConfidencePredictor
from uncertain_densepose.modeling.fpn_decoder import Decoder
from uncertain_densepose.modeling.noise_models.mse import MSE
from uncertain_densepose.structures.point_convention import PointConvention

# The "aligned" convention.
convention = L(PointConvention)(extent=255.0, pixel_offset=0.5)

model = model_zoo.get_config("common/models/mask_rcnn_fpn.py").model
model.backbone.bottom_up.freeze_at = 2
heads = model.roi_heads
for name in ("mask_in_features", "mask_pooler", "mask_head"):
    del heads[name]
heads._target_ = DensePoseROIHeads
heads.num_classes = 1
heads.box_pooler.update(sampling_ratio=2, pooler_type="ROIAlign")
heads.box_predictor.test_topk_per_image = 20
heads.densepose_in_features = ["p2", "p3", "p4", "p5"]
heads.densepose_decoder = L(Decoder)(
    input_shape={f"p{k}": L(ShapeSpec)(channels=256, stride=2**k) for k in (2, 3, 4, 5)},
    in_features="${..densepose_in_features}",
    conv_dim=256,
    num_channels=256,
    common_stride=4,
    norm="",
)
heads.densepose_pooler = L(ROIPooler)(
    output_size=28, scales=[1 / 4], sampling_ratio=2, pooler_type="ROIAlign"
)
heads.densepose_head = L(DensePoseV1ConvXHead)(
    input_channels=256, conv_dim=512, kernel_size=3, num_convs=8
)
heads.densepose_predictor = L(DensePoseChartWithConfidencePredictor)(
    input_channels="${..densepose_head.conv_dim}",
    num_charts=24,
    num_coarse_channels=2,
    kernel_size=4,
    up_scale=2,
    noise_model=L(MSE)(epsilon=0.0001, reference_variance=0.0025),
)
heads.densepose_loss = L(DensePoseChartWithConfidenceLoss)(
    noise_model="${..densepose_predictor.noise_model}",
    convention=convention,
    heatmap_size=112,
    up_scale="${..densepose_predictor.up_scale}",
    num_coarse_channels="${..densepose_predictor.num_coarse_channels}",
    coarse_by_masks=False,
    weight_coarse=5.0,
    weight_fine=1.0,
    weight_uv=0.5,
    reduction="mean",
    anchor_weight=1.0,
    warm_start_iters=13000,
)
heads.densepose_iou_threshold = 0.7

dataloader = OmegaConf.create()
dataloader.train = L(build_train_loader)(
    dataset=L(training_records)(
        names=["densepose_coco_2014_train", "densepose_coco_2014_valminusminival"]
    ),
    mapper=L(DensePoseDatasetMapper)(
        is_train=True,
        augmentations=[
            L(T.ResizeShortestEdge)(
                short_edge_length=[640, 672, 704, 736, 768, 800],
                max_size=1333,
                sample_style="choice",
            ),
            L(T.RandomFlip)(horizontal=True),
        ],
        image_format="BGR",
        instance_mask_format="bitmask",
        use_instance_mask=False,
        point_extent=convention.extent,
        chart_mirror=L(chart_mirror_of)(dataset_names="${dataloader.train.dataset.names}"),
    ),
    total_batch_size=16,
    num_workers=4,
    seed="${train.seed}",
)
dataloader.test = L(build_detection_test_loader)(
    dataset=L(get_detection_dataset_dicts)(names="densepose_coco_2014_minival", filter_empty=False),
    mapper=L(DensePoseDatasetMapper)(
        is_train=False,
        augmentations=[L(T.ResizeShortestEdge)(short_edge_length=800, max_size=1333)],
        image_format="BGR",
        point_extent=convention.extent,
        chart_mirror=None,
    ),
    num_workers=4,
)
dataloader.evaluator = L(PersonBoxEvaluator)(
    dataset_name="${..test.dataset.names}",
    output_dir="${train.output_dir}/inference",
)

evaluation = L(ModelEvaluation)(
    dataset_names=["${dataloader.test.dataset.names}"],
    protocol="strict",
    kappa_m=0.0,
    recalibration="",
    surface="",
    variance_dataset="${dataloader.train.dataset.names[0]}",
    variance_loader=L(build_detection_test_loader)(
        dataset=L(spread_records)(dataset_name="${...variance_dataset}", count=100),
        mapper="${dataloader.test.mapper}",
        num_workers="${dataloader.test.num_workers}",
    ),
)

train = model_zoo.get_config("common/train.py").train
train.init_checkpoint = "detectron2://ImageNetPretrained/MSRA/R-50.pkl"
train.max_iter = 130000
# Below 0: a random one.
train.seed = -1
# So many steps in a row whose losses or gradients are not finite end the training.
train.max_skipped_steps = 20
train.eval_period = 0
train.output_dir = "./output/unc"

optimizer = L(clipped_optimizer)(
    params=L(get_default_optimizer_params)(weight_decay_norm=0.0),
    kind=torch.optim.SGD,
    max_norm=10.0,
    lr=0.01,
    momentum=0.9,
    weight_decay=0.0001,
)
lr_multiplier = L(WarmupParamScheduler)(
    scheduler=L(MultiStepParamScheduler)(
        values=[1.0, 0.1, 0.01], milestones=[100000, 120000, 130000]
    ),
    warmup_factor=0.1,
    warmup_length=1000 / 130000,
    warmup_method="linear",
)

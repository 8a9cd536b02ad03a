"""A script: train `full` with the `densepose` package on the path, and use what it predicts.

Arguments: which project to import first, "ours" or "upstream"; the folder to write to. It needs
DETECTRON2_DATASETS with the `tiny` set, and writes result.json.
"""

import importlib
import json
import sys
from pathlib import Path

first, out = sys.argv[1], Path(sys.argv[2])
importlib.import_module({"ours": "uncertain_densepose", "upstream": "densepose"}[first])
from uncertain_densepose.plugin.densepose import add_missing_config, register  # noqa: E402, I001

import densepose  # noqa: E402
import torch  # noqa: E402
from densepose.converters import HFlipConverter  # noqa: E402
from densepose.data import DatasetMapper  # noqa: E402
from detectron2.config import get_cfg  # noqa: E402
from detectron2.data import (  # noqa: E402
    DatasetCatalog,
    MetadataCatalog,
    build_detection_train_loader,
)
from detectron2.engine import DefaultTrainer  # noqa: E402
from detectron2.modeling import ROI_HEADS_REGISTRY  # noqa: E402
from detectron2.utils.env import seed_all_rng  # noqa: E402
from tests.uncertain_densepose.surface.importers.densepose_files import write_symmetry  # noqa: E402

YAML = """
MODEL:
  META_ARCHITECTURE: "GeneralizedRCNN"
  DEVICE: "cpu"
  BACKBONE: {NAME: "build_resnet_fpn_backbone", FREEZE_AT: 0}
  RESNETS:
    DEPTH: 18
    RES2_OUT_CHANNELS: 64
    NORM: "BN"
    OUT_FEATURES: ["res2", "res3", "res4", "res5"]
  FPN: {IN_FEATURES: ["res2", "res3", "res4", "res5"], OUT_CHANNELS: 32}
  ANCHOR_GENERATOR: {SIZES: [[32], [64], [128], [256], [512]]}
  RPN: {IN_FEATURES: ["p2", "p3", "p4", "p5", "p6"], POST_NMS_TOPK_TEST: 50}
  ROI_HEADS:
    NAME: "DensePoseROIHeads"
    IN_FEATURES: ["p2", "p3", "p4", "p5"]
    NUM_CLASSES: 1
    # Every proposal is sampled, the annotated box among them.
    BATCH_SIZE_PER_IMAGE: 512
    POSITIVE_FRACTION: 1.0
    SCORE_THRESH_TEST: 0.0
  ROI_BOX_HEAD: {NAME: "FastRCNNConvFCHead", NUM_FC: 1, FC_DIM: 32, POOLER_RESOLUTION: 7}
  ROI_DENSEPOSE_HEAD:
    NAME: "DensePoseV1ConvXHead"
    PREDICTOR_NAME: "UncertainDensePoseChartPredictor"
    LOSS_NAME: "UncertainDensePoseChartLoss"
    NUM_STACKED_CONVS: 1
    CONV_HEAD_DIM: 16
    DECODER_ON: False
    UV_CONFIDENCE: {ENABLED: True, TYPE: "full"}
INPUT: {MIN_SIZE_TRAIN: [160], MAX_SIZE_TRAIN: 220, MIN_SIZE_TEST: 160}
TEST: {DETECTIONS_PER_IMAGE: 3}
DATALOADER: {NUM_WORKERS: 0}
DATASETS: {TRAIN: ["synth_people_tiny_train"], TEST: []}
SOLVER: {IMS_PER_BATCH: 2, MAX_ITER: 3, BASE_LR: 0.001, STEPS: []}
VERSION: 2
"""
TRAIN = "synth_people_tiny_train"


class Trainer(DefaultTrainer):
    @classmethod
    def build_train_loader(cls, cfg):
        # DensePose leaves out people and images without labels too.
        records = [
            record | {"annotations": [a for a in record["annotations"] if "dp_x" in a]}
            for record in DatasetCatalog.get(TRAIN)
        ]
        records = [record for record in records if record["annotations"]]
        return build_detection_train_loader(cfg, mapper=DatasetMapper(cfg, True), dataset=records)


def main():
    register()
    register()
    write_symmetry(out / "mirror.mat")
    MetadataCatalog.get(TRAIN).densepose_transform_src = str(out / "mirror.mat")
    cfg = get_cfg()
    densepose.add_densepose_config(cfg)
    if first == "ours":
        add_missing_config(cfg)
        cfg.MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE.SHARED_FROM = "points"
    (out / "config.yaml").write_text(YAML)
    cfg.merge_from_file(str(out / "config.yaml"))
    cfg.OUTPUT_DIR = str(out)
    cfg.freeze()
    seed_all_rng(0)
    trainer = Trainer(cfg)
    predictor = trainer.model.roi_heads.densepose_predictor
    before = {name: value.clone() for name, value in predictor.state_dict().items()}
    trainer.train()
    after = predictor.state_dict()

    mapper = DatasetMapper(cfg, False)
    images = [mapper(record) for record in DatasetCatalog.get(TRAIN)[:2]]
    with torch.no_grad():
        people = [output["instances"] for output in trainer.model.eval()(images)]
    predicted = people[1].pred_densepose
    one = predicted[0].to(torch.device("cpu"))
    means = HFlipConverter.convert(predicted[torch.tensor([0, 2])], mapper_data(mapper))
    result = {
        "heads": ROI_HEADS_REGISTRY.get("DensePoseROIHeads").__module__,
        "datasets": {
            name: MetadataCatalog.get(name).json_file
            for name in ("densepose_coco_2014_train", "densepose_posetrack2017_val")
        },
        "moved": [name for name, value in after.items() if not value.equal(before[name])],
        "layers": list(after),
        "people": [len(image.pred_densepose) for image in people],
        "one": {k: list(t.shape) for k, t in vars(one).items() if t is not None},
        "mirrored": {k: list(t.shape) for k, t in vars(means).items()},
        "softplus": softplus_error(trainer.model, images, predicted),
    }
    (out / "result.json").write_text(json.dumps(result))


def mapper_data(mapper):
    """What DensePose's own mapper has loaded of mirrored charts; the stand-in needs nothing."""
    return getattr(mapper, "densepose_transform_data", None)


def softplus_error(model, images, predicted) -> float:
    """How far the variance in `sigma_2` is from the predictor's, relative."""
    predictor, found = model.roi_heads.densepose_predictor, []
    chart_maps = predictor.chart_maps
    predictor.chart_maps = lambda charts: found.append(chart_maps(charts)) or found[-1]
    with torch.no_grad():
        model(images)
    read = torch.nn.functional.softplus(predicted.sigma_2) + predictor.noise_model.epsilon
    expected = found[0].variance[-len(read) :]
    return float(((read - expected) / expected).abs().max())


if __name__ == "__main__":
    main()

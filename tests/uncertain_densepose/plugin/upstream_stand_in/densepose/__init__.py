"""A stand-in for DensePose's own package: its modules, registries and calls, as far as the plugin
meets them, in as little code as can train. It was written from their signatures for these tests."""

from detectron2.data import DatasetCatalog, MetadataCatalog

from .config import add_densepose_config  # noqa: F401
from .roi_heads import DensePoseROIHeads  # noqa: F401


def load_nothing():
    return []


for name in ("densepose_coco_2014_train", "posetrack2017_val"):
    DatasetCatalog.register(name, load_nothing)
    MetadataCatalog.get(name).set(json_file="upstream.json")

"""The data sets that the project knows by name."""

from __future__ import annotations

from pathlib import Path

from detectron2.data import MetadataCatalog

from ..surface.paths import SMPL_SURFACE_FILE_NAME, data_root, default_surface_path
from ..upstream_names import has_upstreams_dataset
from .coco_densepose import register_densepose_json

SYNTHETIC_PRESETS = ("tiny", "demo", "bench", "upright", "photo", "street")
SYNTHETIC_WORLDS = ("clean", "iid", "shared", "annotator")
"""Names of the rendered data sets and of their noise worlds, which `synthetic_people` makes."""

_COCO = "coco/annotations/densepose_"
_POSETRACK = "posetrack2017/densepose_posetrack_"

DENSEPOSE_DATASETS = {
    "densepose_coco_2014_train": ("coco/train2014", f"{_COCO}train2014.json"),
    "densepose_coco_2014_minival": ("coco/val2014", f"{_COCO}minival2014.json"),
    "densepose_coco_2014_minival_100": ("coco/val2014", f"{_COCO}minival2014_100.json"),
    "densepose_coco_2014_valminusminival": ("coco/val2014", f"{_COCO}valminusminival2014.json"),
} | {
    f"{prefix}posetrack2017_{split}": (
        "posetrack2017/posetrack_data_2017",
        f"{_POSETRACK}{split}2017.json",
    )
    # DensePose registers PoseTrack without the prefix.
    for prefix in ("densepose_", "")
    for split in ("train", "val")
}
"""DensePose's data sets by name: folder of images and annotation file, below the data root."""

CHART_MIRROR_FILE = "UV_symmetry_transforms.mat"

_DENSEPOSE_URL = "https://dl.fbaipublicfiles.com/densepose/"
DENSEPOSE_METADATA = {
    "densepose_transform_src": f"{_DENSEPOSE_URL}data/{CHART_MIRROR_FILE}",
    "densepose_smpl_subdiv": f"{_DENSEPOSE_URL}data/SMPL_subdiv.mat",
    "densepose_smpl_subdiv_transform": f"{_DENSEPOSE_URL}data/SMPL_SUBDIV_TRANSFORM.mat",
}
"""Metadata with which DensePose's own code finds its files. They are not read here: surfaces are
imported from the user's copies, and `densepose_chart_mirror` is the path of the local table."""

_HOW_TO_GET_DENSEPOSE = (
    "these data are licensed and must be fetched from their authors: annotations from "
    f"{_DENSEPOSE_URL}annotations/coco/, images from cocodataset.org or posetrack.net; put them "
    "where this message says, or set DETECTRON2_DATASETS"
)


def register_builtin_datasets() -> None:
    """Register the rendered data sets, `synth_people_<preset>_<train|val>` and the same with
    `_<world>` for each noise world, and `DENSEPOSE_DATASETS`.

    As for Detectron2's own data sets, files are below `$DETECTRON2_DATASETS` (`./datasets`).
    """
    _register_synthetic(data_root())
    register_densepose_datasets()


def _register_synthetic(root: Path) -> None:
    for preset in SYNTHETIC_PRESETS:
        folder = root / f"synth_people_{preset}"
        for split in ("train", "val"):
            how_to_get = {
                split: (
                    f"run `make data PRESET={preset}` or "
                    f"`python tools/make_synthetic_dataset.py --preset {preset} --out {folder}`"
                )
            } | {
                f"{split}_{world}": (
                    f"run `python tools/relabel_synthetic_dataset.py --data {folder} "
                    f"--world {world}` on the rendered data set (`make data PRESET={preset}`)"
                )
                for world in SYNTHETIC_WORLDS
            }
            for name, how in how_to_get.items():
                register_densepose_json(
                    f"synth_people_{preset}_{name}",
                    folder / f"{name}.json",
                    folder / "images",
                    default_surface_path(),
                    how,
                )


def register_densepose_datasets() -> None:
    """Register those of `DENSEPOSE_DATASETS` that DensePose's own package has not registered."""
    root = data_root()
    for name, (images, json_name) in DENSEPOSE_DATASETS.items():
        if has_upstreams_dataset(name):
            continue
        register_densepose_json(
            name,
            json_file=root / json_name,
            image_root=root / images,
            surface=root / SMPL_SURFACE_FILE_NAME,
            chart_mirror=root / CHART_MIRROR_FILE,
            how_to_get=_HOW_TO_GET_DENSEPOSE,
        )
        MetadataCatalog.get(name).set(**DENSEPOSE_METADATA)

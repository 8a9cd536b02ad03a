"""The data sets that the project knows by name."""

from __future__ import annotations

from ..surface.paths import data_root, default_surface_path
from ..synthetic.presets import PRESETS
from ..synthetic.worlds import WORLDS, world_file_name
from .coco_densepose import register_densepose_json

DENSEPOSE_COCO = {
    "train": ("coco/train2014", "densepose_train2014.json"),
    "minival": ("coco/val2014", "densepose_minival2014.json"),
    "valminusminival": ("coco/val2014", "densepose_valminusminival2014.json"),
}


def register_builtin_datasets() -> None:
    """Register `synth_people_<preset>_<train|val>`, `synth_people_<preset>_<train|val>_<world>` for
    each noise world and `densepose_coco_2014_<split>`.

    Paths lie under `$DETECTRON2_DATASETS` (`./datasets`), as Detectron2's own do.
    """
    root = data_root()
    for preset in PRESETS:
        folder = root / f"synth_people_{preset}"
        for split in ("train", "val"):
            register_densepose_json(
                f"synth_people_{preset}_{split}",
                json_file=folder / f"{split}.json",
                image_root=folder / "images",
                surface=default_surface_path(),
                how_to_get=(
                    f"run `make data PRESET={preset}` or "
                    f"`python tools/make_synthetic_dataset.py --preset {preset} --out {folder}`"
                ),
            )
            for world in WORLDS:
                register_densepose_json(
                    f"synth_people_{preset}_{split}_{world}",
                    json_file=folder / world_file_name(split, world),
                    image_root=folder / "images",
                    surface=default_surface_path(),
                    how_to_get=(
                        "run `python tools/relabel_synthetic_dataset.py --data "
                        f"{folder} --world {world}` on the rendered data set "
                        f"(`make data PRESET={preset}`)"
                    ),
                )
    for split, (images, json_name) in DENSEPOSE_COCO.items():
        register_densepose_json(
            f"densepose_coco_2014_{split}",
            json_file=root / "coco" / "annotations" / json_name,
            image_root=root / images,
            surface=root / "densepose_smpl_surface.npz",
            chart_mirror=root / "UV_symmetry_transforms.mat",
            how_to_get=(
                "DensePose-COCO is licensed and must be fetched from its authors; put images and "
                "annotations where the message says, or set DETECTRON2_DATASETS"
            ),
        )

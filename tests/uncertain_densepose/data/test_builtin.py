"""The data sets that are known by name."""

import pytest
from detectron2.data import DatasetCatalog, MetadataCatalog

import uncertain_densepose  # noqa: F401  registers them
from synthetic_people.presets import PRESETS
from synthetic_people.worlds import WORLDS
from uncertain_densepose.data.builtin import SYNTHETIC_PRESETS, SYNTHETIC_WORLDS
from uncertain_densepose.surface.paths import data_root


def test_every_preset_is_registered_as_rendered_and_in_every_noise_world():
    names = set(DatasetCatalog.list())
    for preset in PRESETS:
        for split in ("train", "val"):
            rendered = f"synth_people_{preset}_{split}"
            assert rendered in names
            for world in WORLDS:
                name = f"{rendered}_{world}"
                assert name in names
                metadata, original = MetadataCatalog.get(name), MetadataCatalog.get(rendered)
                assert metadata.json_file == original.json_file.replace(
                    f"{split}.json", f"{split}_{world}.json"
                )
                assert metadata.image_root == original.image_root
                assert metadata.densepose_surface == original.densepose_surface


def test_a_missing_world_is_told_with_the_command_that_makes_it():
    how_to_get = DatasetCatalog["synth_people_bench_val_iid"].args[-1]
    assert "tools/relabel_synthetic_dataset.py --data" in how_to_get
    assert "--world iid`" in how_to_get and "make data PRESET=bench" in how_to_get


DENSEPOSE = {
    "densepose_coco_2014_train": ("coco/annotations/densepose_train2014.json", "coco/train2014"),
    "densepose_coco_2014_minival": ("coco/annotations/densepose_minival2014.json", "coco/val2014"),
    "densepose_coco_2014_minival_100": (
        "coco/annotations/densepose_minival2014_100.json",
        "coco/val2014",
    ),
    "densepose_coco_2014_valminusminival": (
        "coco/annotations/densepose_valminusminival2014.json",
        "coco/val2014",
    ),
    "densepose_posetrack2017_train": (
        "posetrack2017/densepose_posetrack_train2017.json",
        "posetrack2017/posetrack_data_2017",
    ),
    "densepose_posetrack2017_val": (
        "posetrack2017/densepose_posetrack_val2017.json",
        "posetrack2017/posetrack_data_2017",
    ),
}


@pytest.mark.parametrize("name", DENSEPOSE)
def test_denseposes_data_sets_are_where_it_looks_for_them(name):
    root = data_root()
    metadata = MetadataCatalog.get(name)
    json_name, images = DENSEPOSE[name]
    assert metadata.json_file == str(root / json_name)
    assert metadata.image_root == str(root / images)
    assert metadata.evaluator_type == "coco"
    assert metadata.densepose_surface == str(root / "densepose_smpl_surface.npz")
    assert metadata.densepose_chart_mirror == str(root / "UV_symmetry_transforms.mat")
    url = "https://dl.fbaipublicfiles.com/densepose/data/"
    assert metadata.densepose_transform_src == url + "UV_symmetry_transforms.mat"
    assert metadata.densepose_smpl_subdiv == url + "SMPL_subdiv.mat"
    assert metadata.densepose_smpl_subdiv_transform == url + "SMPL_SUBDIV_TRANSFORM.mat"


@pytest.mark.parametrize("split", ["train", "val"])
def test_posetrack_has_denseposes_own_name_too(split):
    short, long = (MetadataCatalog.get(f"{p}posetrack2017_{split}") for p in ("", "densepose_"))
    assert (short.json_file, short.image_root) == (long.json_file, long.image_root)
    assert f"posetrack2017_{split}" in DatasetCatalog.list()


def test_a_missing_file_of_denseposes_is_told_with_where_it_comes_from():
    with pytest.raises(FileNotFoundError, match="dl.fbaipublicfiles.com.*DETECTRON2_DATASETS"):
        DatasetCatalog.get("densepose_coco_2014_minival_100")


def test_the_library_names_just_what_the_renderer_makes():
    assert SYNTHETIC_PRESETS == tuple(PRESETS)
    assert SYNTHETIC_WORLDS == tuple(WORLDS)

"""The data sets that are known by name."""

from detectron2.data import DatasetCatalog, MetadataCatalog

import uncertain_densepose  # noqa: F401  registers them
from uncertain_densepose.synthetic.presets import PRESETS
from uncertain_densepose.synthetic.worlds import WORLDS


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

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
from pycocotools import mask as mask_api

from lab.experiments import crops as crops_module
from lab.experiments.crops import CropSource, cut_out, load_crops
from uncertain_densepose.data.picture_file import ImageError

SIDE = 8


@pytest.fixture
def people(crop_folder):
    content = json.loads((crop_folder / "val_clean.json").read_text())
    names = {image["id"]: image["file_name"] for image in content["images"]}
    return [
        CropSource(
            a["id"],
            a["image_id"],
            crop_folder / "images" / names[a["image_id"]],
            tuple(a["bbox"]),
            a["dp_masks"],
        )
        for a in content["annotations"]
    ]


@pytest.fixture
def forbid_cutting(monkeypatch):
    def refuse(*args):
        raise AssertionError("cut out anew")

    monkeypatch.setattr(crops_module, "cut_out", refuse)


def test_a_crop_is_the_mean_of_the_pixels_that_each_cell_covers(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    cv2.imwrite(str(tmp_path / "picture.png"), pixels)
    person = CropSource(
        5, 2, tmp_path / "picture.png", (6.0, 4.0, 4.0 * SIDE, 2.0 * SIDE), [[]] * 14
    )
    crop = cut_out([person], SIDE).image[0]
    covered = pixels[4 : 4 + 2 * SIDE, 6 : 6 + 4 * SIDE, ::-1].astype(float)
    mean = covered.reshape(SIDE, 2, SIDE, 4, 3).mean(axis=(1, 3))
    assert np.abs(crop - mean).max() <= 1


def test_pictures_are_read_as_everywhere_else(tmp_path):
    """Transparent pixels are white, 16 bits keep their scale, and a damaged file is named."""
    grey = np.full((20, 20), 40_000, dtype=np.uint16)
    cv2.imwrite(str(tmp_path / "grey.png"), grey)
    cv2.imwrite(str(tmp_path / "cutout.png"), np.zeros((20, 20, 4), dtype=np.uint8))
    box, masks = (2.0, 2.0, 16.0, 16.0), [[]] * 14
    files = [tmp_path / "grey.png", tmp_path / "cutout.png"]
    crops = cut_out([CropSource(1, 1, file, box, masks) for file in files], SIDE)
    assert (crops.image[0] == 156).all() and (crops.image[1] == 255).all()
    (tmp_path / "cut.png").write_bytes(files[0].read_bytes()[:60])
    with pytest.raises(ImageError, match=r"cut\.png: "):
        cut_out([CropSource(1, 1, tmp_path / "cut.png", box, masks)], SIDE)


def test_coarse_parts_are_read_at_the_centres_of_cells(people):
    person = people[0]
    segm = cut_out([person], SIDE).coarse_segm[0]
    for row in range(SIDE):
        for column in range(SIDE):
            y, x = int((row + 0.5) * 256 / SIDE), int((column + 0.5) * 256 / SIDE)
            drawn = [k for k, m in enumerate(person.masks, 1) if m and mask_api.decode(m)[y, x]]
            assert segm[row, column] == max(drawn, default=0)


def test_crops_are_cut_out_once(people, tmp_path, request):
    cache = tmp_path / "crops" / "val.npz"
    first = load_crops(cache, people, SIDE)
    request.getfixturevalue("forbid_cutting")
    again = load_crops(cache, people, SIDE)
    assert [p.name for p in cache.parent.iterdir()] == [cache.name]
    for name in ("annotation_id", "image_id", "image", "coarse_segm"):
        assert np.array_equal(getattr(again, name), getattr(first, name))


@pytest.mark.parametrize("change", ["side", "box", "people", "masks", "damage"])
def test_a_cache_of_something_else_is_made_anew(people, tmp_path, change):
    cache, side = tmp_path / "val.npz", SIDE
    load_crops(cache, people, side)
    if change == "side":
        side = 16
    elif change == "box":
        people[-1] = replace(people[-1], box=(0.0, 0.0, 30.0, 30.0))
    elif change == "people":
        people = people[1:]
    elif change == "masks":
        people[0] = replace(people[0], masks=[[]] * 14)
    else:
        cache.write_bytes(cache.read_bytes()[:1000])
    found, expected = load_crops(cache, people, side), cut_out(people, side)
    assert np.array_equal(found.image, expected.image)
    assert np.array_equal(found.coarse_segm, expected.coarse_segm)
    assert np.array_equal(load_crops(cache, people, side).image, expected.image)

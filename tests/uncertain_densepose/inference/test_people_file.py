"""People on disk: what is written is read back, what is damaged is named."""

from __future__ import annotations

import re
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.uncertain_densepose.inference.people_factory import (
    cell_centres,
    figure_person,
    linear_person,
    maps_of,
)
from uncertain_densepose.inference import (
    PeopleFileError,
    Person,
    load_people,
    people_file,
    save_people,
)

SIZE = (70, 50)


def people() -> list[Person]:
    return [figure_person((2, 3, 40, 60), SIZE), linear_person((5, 5, 9, 9), SIZE, variance=None)]


@pytest.mark.parametrize("frame", ["box", "image"])
def test_what_is_written_is_read_back(tmp_path, frame):
    save_people(tmp_path / "x.npz", people(), SIZE, frame)
    saved = load_people(tmp_path / "x.npz")
    assert saved.image_size == SIZE and saved.frame == frame and len(saved.people) == 2
    for person, found in zip(people(), saved.people, strict=True):
        expected = person.tensors(frame)
        assert found.keys() == expected.keys()
        for name, values in expected.items():
            if values is None:
                assert found[name] is None
            else:
                assert found[name].dtype == values.numpy().dtype
                np.testing.assert_array_equal(found[name], values.numpy())
    assert saved.people[0]["shared_covariance"].shape == (25, 2, 2)
    assert saved.people[1]["sigma_cm"] is None


def test_numpy_alone_reads_it_without_pickle(tmp_path):
    save_people(tmp_path / "x.npz", people(), SIZE)
    with np.load(tmp_path / "x.npz", allow_pickle=False) as archive:
        assert archive["num_people"] == 2
        assert archive["image_size"].tolist() == [70, 50]
        assert archive["0/window"].tolist() == [2, 3, 40, 60]
        assert archive["0/part"].dtype == np.uint8
        assert archive["1/part_probability"].dtype == np.float32
        assert "0/sigma_cm" in archive.files and "1/sigma_cm" not in archive.files
        assert all(archive[name].dtype.kind != "O" for name in archive.files)


def test_coordinates_in_half_precision(tmp_path):
    save_people(tmp_path / "x.npz", people(), SIZE, uv_type=np.float16)
    found = load_people(tmp_path / "x.npz").people[0]
    assert found["uv"].dtype == np.float16 and found["covariance_uv"].dtype == np.float32
    np.testing.assert_allclose(found["uv"], people()[0].uv, atol=1 / 2048)


def test_a_shared_error_that_turns_and_scales(tmp_path):
    x, y = cell_centres(8)
    shared = torch.eye(4).expand(25, 4, 4)
    maps = maps_of(torch.full((8, 8), 5), x, y, torch.full((8, 8), 1e-3), None, shared)
    person = Person(np.array([0, 0, 8, 8], np.float32), 0.5, maps, (8, 8), people()[0].metric)
    save_people(tmp_path / "x.npz", [person], (8, 8))
    found = load_people(tmp_path / "x.npz").people[0]["shared_covariance"]
    np.testing.assert_array_equal(found, shared)


def test_nobody(tmp_path):
    save_people(tmp_path / "x.npz", [], SIZE)
    saved = load_people(tmp_path / "x.npz")
    assert saved.people == [] and saved.image_size == SIZE


def test_a_person_without_pixels(tmp_path):
    save_people(tmp_path / "x.npz", [linear_person((60, 1, 70, 4), SIZE)], SIZE)
    assert load_people(tmp_path / "x.npz").people[0]["uv"].shape == (3, 0, 2)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    save_people(tmp_path / "x.npz", [], SIZE)
    with pytest.raises(
        ValueError, match=r"person 0 was found in an image .* \(70, 50\), not \(9, 9\)"
    ):
        save_people(tmp_path / "x.npz", people(), (9, 9))
    assert load_people(tmp_path / "x.npz").people == []
    assert [path.name for path in tmp_path.iterdir()] == ["x.npz"]


def test_what_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(ValueError, match="frame must be one of box, image, not 'world'"):
        save_people(tmp_path / "x.npz", people(), SIZE, "world")
    with pytest.raises(ValueError, match="uv_type must be"):
        save_people(tmp_path / "x.npz", people(), SIZE, uv_type=np.int8)


def all_nan(values: np.ndarray) -> np.ndarray:
    values = values.copy()
    values[:] = np.nan
    return values


DAMAGE = {
    "version": (lambda a: np.array(99), "is 99, but only 2 can be read; predict the"),
    "image_size": (lambda a: np.array([0, 5]), "is 0 x 5 pixels"),
    "frame": (lambda a: np.array("world"), "is 'world', expected one of box, image"),
    "num_people": (lambda a: np.array(3), None),
    "0/box": (lambda a: a * np.nan, "is not finite"),
    "0/score": (lambda a: np.array(1.5), "is 1.5, expected 0..1"),
    "0/window": (lambda a: np.array([2, 3, 99, 60]), "outside the 50 x 70 pixels"),
    "0/part": (lambda a: a + np.uint8(9), "expected 0..24"),
    "0/uv": (lambda a: a[1:], "has shape (56, 38, 2), expected (57, 38, 2)"),
    "0/sigma_uv": (lambda a: a.astype(int), "has type int64"),
    "0/covariance_uv": (all_nan, "is NaN on pixels that show a part"),
    "0/part_probability": (lambda a: a + 1, "has values outside 0..1"),
    "1/part_probability": (None, "is missing"),
    "0/shared_covariance": (lambda a: a[:, :1], "expected 25 squares"),
    "1/uv": (lambda a: np.array([{}]), "is not a plain array"),
    "1/part": (None, "is missing"),
}


@pytest.mark.parametrize("key", DAMAGE)
@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")
def test_damaged_arrays_are_named(tmp_path, key):
    change, complaint = DAMAGE[key]
    save_people(tmp_path / "x.npz", people(), SIZE)
    with np.load(tmp_path / "x.npz") as archive:
        arrays = dict(archive)
    original = arrays.pop(key)
    if change is not None:
        arrays[key] = change(original)
    np.savez(tmp_path / "x.npz", **arrays)
    key, complaint = (key, complaint) if complaint else ("2/box", "is missing")
    with pytest.raises(PeopleFileError, match=re.escape(f"x.npz: array '{key}' ")) as caught:
        load_people(tmp_path / "x.npz")
    assert complaint in str(caught.value) and "\n" not in str(caught.value)


def test_a_file_of_the_first_version_is_refused(tmp_path):
    save_people(tmp_path / "x.npz", people(), SIZE)
    with np.load(tmp_path / "x.npz") as archive:
        kept = {k: v for k, v in archive.items() if not k.endswith("part_probability")}
    np.savez(tmp_path / "x.npz", **(kept | {"version": np.array(1)}))
    with pytest.raises(PeopleFileError, match="'version' is 1, .* predict the people again"):
        load_people(tmp_path / "x.npz")


def test_files_that_are_none_of_people_are_named(tmp_path):
    path = tmp_path / "x.npz"
    with pytest.raises(PeopleFileError, match=r"x\.npz: no such file"):
        load_people(path)
    save_people(path, people(), SIZE)
    whole = path.read_bytes()
    np.save(tmp_path / "single.npy", np.zeros(3))
    for content in (b"", b"text", whole[: len(whole) // 2], (tmp_path / "single.npy").read_bytes()):
        path.write_bytes(content)
        with pytest.raises(PeopleFileError, match=r"x\.npz: not a \.npz file, or truncated"):
            load_people(path)
    np.savez(path, other=np.zeros(3))
    with pytest.raises(PeopleFileError, match="array 'version' is missing"):
        load_people(path)


@pytest.mark.parametrize("kind", ["full", "full_similarity", None])
def test_a_large_person_is_written_in_bands_to_the_same_file(tmp_path, monkeypatch, kind):
    """So that a person over 12 000 x 9 000 pixels takes no more memory than a band."""
    person = figure_person((3, 2, 48, 69), SIZE, kind is not None)
    if kind == "full_similarity":
        shared = torch.eye(4).mul(1e-3).expand(1, 25, 4, 4)
        person = replace(person, maps=replace(person.maps, shared_covariance=shared))
    save_people(tmp_path / "whole.npz", [person], SIZE)
    monkeypatch.setattr(people_file, "MAX_PIXELS", 300)
    assert len(list(person.bands(300))) > 10
    save_people(tmp_path / "bands.npz", [replace(person)], SIZE)
    with zipfile.ZipFile(tmp_path / "bands.npz") as archive:
        assert archive.testzip() is None
    with np.load(tmp_path / "whole.npz") as whole, np.load(tmp_path / "bands.npz") as bands:
        assert whole.files == bands.files
        for name in set(whole.files) - {"frame"}:
            np.testing.assert_allclose(bands[name], whole[name], rtol=1e-5, err_msg=name)

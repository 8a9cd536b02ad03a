"""Files of noise worlds: the rendered file with other labels, and nothing else changed."""

import dataclasses
import json
import shutil
import zlib

import numpy as np
import pytest

from synthetic_people.worlds import WORLDS, find_world
from synthetic_people.worlds.annotator import AnnotatorWorld
from synthetic_people.worlds.relabel import RenderedSplit, SourceFileError, write_world
from uncertain_densepose.data.coco_densepose import load_densepose_json
from uncertain_densepose.structures.coco_annotation import AnnotationFileError

LABEL_FIELDS = {"dp_I", "dp_U", "dp_V", "dp_noise"}


@pytest.fixture(scope="module")
def worlds(embedded_surface, part_views):
    made = {name: make(embedded_surface) for name, make in WORLDS.items() if name != "annotator"}
    return made | {"annotator": AnnotatorWorld(part_views)}


@pytest.fixture
def folder(tiny_data_root, tmp_path):
    """A copy of the rendered annotations."""
    shutil.copy(tiny_data_root / "synth_people_tiny/train.json", tmp_path)
    return tmp_path


@pytest.fixture
def source(folder, embedded_surface):
    return RenderedSplit.load(folder, "train", embedded_surface)


def read(path):
    return json.loads(path.read_bytes())


@pytest.mark.parametrize("name", WORLDS)
def test_only_labels_change(source, worlds, name):
    path = write_world(source, name, worlds[name])
    assert path.name == f"train_{name}.json"
    content = read(path)
    for section in ("images", "categories", "licenses"):
        assert content[section] == source.content[section]
    allowed = LABEL_FIELDS | ({"dp_I_true"} if name == "annotator" else set())
    pairs = zip(content["annotations"], source.content["annotations"], strict=True)
    for annotation, rendered in pairs:
        differing = {
            field
            for field in annotation.keys() | rendered.keys()
            if annotation.get(field) != rendered.get(field)
        }
        assert differing <= allowed
        if "dp_I" in rendered:
            assert annotation.get("dp_I_true", annotation["dp_I"]) == rendered["dp_I"]
            assert len(annotation["dp_U"]) == len(rendered["dp_U"])


@pytest.mark.parametrize("name", WORLDS)
def test_the_file_says_how_it_was_made(source, worlds, name):
    info = read(write_world(source, name, worlds[name], seed=4))["info"]
    rendered = source.content["info"]
    assert info["noise_world"]["name"] == name and info["noise_world"]["seed"] == 4
    assert info["noise_world"]["source_crc32"] == zlib.crc32(source.path.read_bytes())
    parameters = json.loads(json.dumps(worlds[name].parameters()))
    assert parameters.items() <= info["noise_world"].items()
    for key in ("preset", "seed", "generator_version", "surface_crc32", "noise_model"):
        assert info[key] == rendered[key]
    for field in worlds[name].noise_fields:
        assert f"{field}: " in info["conventions"]["dp_noise"]


@pytest.mark.parametrize("name", WORLDS)
def test_all_named_parameters_are_there_and_finite(source, worlds, name):
    for annotation in read(write_world(source, name, worlds[name]))["annotations"]:
        if "dp_I" not in annotation:
            continue
        assert set(annotation["dp_noise"]) == set(worlds[name].noise_fields)
        for values in annotation["dp_noise"].values():
            assert np.isfinite(values).all()
            assert np.ndim(values) == 0 or len(values) == len(annotation["dp_I"])


def test_clean_labels_are_the_truth_to_the_last_digit(source, worlds):
    for annotation in read(write_world(source, "clean", worlds["clean"]))["annotations"]:
        if "dp_I" in annotation:
            assert annotation["dp_U"] == annotation["dp_U_true"]
            assert annotation["dp_V"] == annotation["dp_V_true"]


@pytest.mark.parametrize("name", WORLDS)
def test_labels_depend_on_seed_and_annotation_only(source, worlds, name, tmp_path):
    first = write_world(source, name, worlds[name]).read_bytes()
    assert write_world(source, name, worlds[name]).read_bytes() == first
    reverse = dataclasses.replace(
        source,
        path=tmp_path / "other" / "train.json",
        content=source.content | {"annotations": source.content["annotations"][::-1]},
    )
    reverse.path.parent.mkdir()
    backwards = write_world(reverse, name, worlds[name])
    assert sorted(line.strip(b",") for line in first.splitlines()) == sorted(
        line.strip(b",") for line in backwards.read_bytes().splitlines()
    )
    other = read(write_world(source, name, worlds[name], seed=1))["annotations"]
    if name != "clean":
        assert other != json.loads(first)["annotations"]


def test_worlds_can_be_trained_on(source, worlds, tiny_data_root):
    path = write_world(source, "annotator", worlds["annotator"])
    images = tiny_data_root / "synth_people_tiny/images"
    records = load_densepose_json("relabelled", path, images, "")
    assert any("dp_U" in a for record in records for a in record["annotations"])


def test_changed_parts_are_counted(source, worlds):
    content = read(write_world(source, "annotator", worlds["annotator"]))
    people = [a for a in content["annotations"] if "dp_I" in a]
    changed = [i != j for a in people for i, j in zip(a["dp_I"], a["dp_I_true"], strict=True)]
    statistics = content["info"]["statistics"]
    assert statistics["changed_part_share"] == pytest.approx(np.mean(changed), abs=1e-5)
    assert 0 < statistics["changed_part_share"] < 0.3
    assert statistics["points"] == len(changed)


def test_unknown_worlds_are_refused(source, worlds):
    with pytest.raises(ValueError, match="unknown noise world 'shred'; known: clean, iid, shared"):
        find_world("shred")
    with pytest.raises(ValueError, match="shred"):
        write_world(source, "shred", worlds["clean"])


def test_missing_foreign_and_damaged_files_are_refused(folder, embedded_surface):
    with pytest.raises(SourceFileError, match=r"val\.json: no such file; make the data set with"):
        RenderedSplit.load(folder, "val", embedded_surface)
    (folder / "val.json").write_text('{"images": [], "annotations": []}')
    with pytest.raises(SourceFileError, match="not the annotations of a rendered data set"):
        RenderedSplit.load(folder, "val", embedded_surface)
    (folder / "val.json").write_text("{")
    with pytest.raises(SourceFileError, match="not JSON"):
        RenderedSplit.load(folder, "val", embedded_surface)


def test_another_surface_is_refused(folder, embedded_surface):
    other = dataclasses.replace(embedded_surface, vertices=embedded_surface.vertices * 1.01)
    with pytest.raises(SourceFileError, match="made with another surface.*--surface"):
        RenderedSplit.load(folder, "train", other)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda a: a.pop("dp_noise"), "field 'dp_noise' is missing"),
        (lambda a: a.pop("dp_U_true"), "field 'dp_U_true' is missing"),
        (lambda a: a["dp_noise"].pop("variance"), "field 'dp_noise' has no 'variance'"),
        (lambda a: a["dp_noise"]["direction"].pop(), "field 'dp_noise' has no 'direction'"),
        (lambda a: a["dp_noise"].update(variance="much"), "has a malformed 'variance'"),
    ],
)
def test_people_that_were_not_rendered_are_refused(source, worlds, damage, message):
    broken = next(a for a in source.content["annotations"] if "dp_I" in a)
    damage(broken)
    with pytest.raises(AnnotationFileError, match=rf"annotation {broken['id']}: .*{message}"):
        write_world(source, "shared", worlds["shared"])
    assert not source.path.with_name("train_shared.json").exists()

"""Data sets on disk: on one machine the same bytes from a seed, whatever happened in between."""

import dataclasses
import json
import shutil
import zlib

import cv2
import numpy as np
import pytest

from synthetic_people import dataset, requirements, workers
from synthetic_people.coco_files import MissingImageError
from synthetic_people.contact_sheet import draw_contact_sheet
from synthetic_people.dataset import DatasetFolderError, make_dataset
from synthetic_people.presets import PRESETS, Preset
from synthetic_people.shards import image_path, shard_path
from synthetic_people.worlds.clean import CleanWorld
from synthetic_people.worlds.relabel import RenderedSplit, write_world
from tests.killed_writer import leave_half_written
from tests.tool_loader import load_tool
from uncertain_densepose.data.coco_densepose import load_densepose_json

SMALL = Preset(train=4, val=2, image_sizes=((96, 96), (96, 112)), purpose="these tests")


@pytest.fixture(autouse=True, scope="module")
def small_preset():
    PRESETS["small"] = SMALL
    yield
    del PRESETS["small"]


@pytest.fixture(scope="module")
def original(tmp_path_factory, embedded_surface, small_preset):
    folder = tmp_path_factory.mktemp("original") / "set"
    make_dataset(folder, "small", seed=5)
    return folder


@pytest.fixture
def copy(original, tmp_path):
    folder = tmp_path / "set"
    shutil.copytree(original, folder)
    return folder


def files(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_two_workers_give_the_same_bytes(original, tmp_path):
    make_dataset(tmp_path / "set", "small", seed=5, workers=2)
    assert files(tmp_path / "set") == files(original)


def test_another_seed_gives_other_people(original, tmp_path):
    make_dataset(tmp_path / "set", "small", seed=6)
    assert (tmp_path / "set/train.json").read_bytes() != (original / "train.json").read_bytes()


def test_an_interrupted_run_goes_on_to_the_same_bytes(original, copy):
    shard_path(copy, "train", 1).unlink()
    image_path(copy, "val", 0).unlink()
    (copy / "complete.json").unlink()
    (copy / "val.json").unlink()
    # The second is a file that nothing writes again.
    leave_half_written(shard_path(copy, "train", 1))
    leave_half_written(copy / "train_annotator.json")
    summary = make_dataset(copy, "small", seed=5)
    assert (summary.made, summary.reused) == (2, 4)
    assert files(copy) == files(original)


def test_a_run_that_was_killed_at_its_first_file_goes_on(original, tmp_path):
    (tmp_path / "set").mkdir()
    leave_half_written(tmp_path / "set/parameters.json")
    make_dataset(tmp_path / "set", "small", seed=5)
    assert files(tmp_path / "set") == files(original)


@pytest.mark.parametrize("kept", [slice(0), slice(-40), slice(-1)])
@pytest.mark.parametrize("name", ["shard", "image", "json"])
def test_a_copy_that_was_cut_short_is_found_and_mended(original, copy, name, kept):
    path = {
        "shard": shard_path(copy, "train", 2),
        "image": image_path(copy, "train", 2),
        "json": copy / "train.json",
    }[name]
    path.write_bytes(path.read_bytes()[kept])
    if name == "shard":
        (copy / "complete.json").unlink()
    assert make_dataset(copy, "small", seed=5).made == (0 if name == "json" else 1)
    assert files(copy) == files(original)


def test_no_shorter_file_looks_whole(original):
    """Else a copy could be cut short where it is not noticed."""
    for path in (image_path(original, "train", 0), original / "train.json"):
        end = dataset.JPEG_END if path.suffix == ".jpg" else dataset.COCO_END
        assert path.read_bytes().count(end) == 1


def test_a_set_of_the_version_with_checksums_is_read(copy, monkeypatch):
    monkeypatch.setattr(dataset, "require_synth_extra", None)
    entries = json.loads((copy / "complete.json").read_text())
    for entry in entries.values():
        entry |= {"json_crc32": 1, "jpeg_crc32": [1, 2, 3, 4]}
    (copy / "complete.json").write_text(json.dumps(entries))
    assert make_dataset(copy, "small", seed=5).made == 0


def test_a_complete_set_is_left_alone(copy, monkeypatch):
    def refuse():
        raise AssertionError("nothing should be made")

    monkeypatch.setattr(dataset, "require_synth_extra", refuse)
    before = files(copy)
    summary = make_dataset(copy, "small", seed=5)
    assert (summary.made, summary.reused) == (0, 6)
    assert summary.statistics["train"]["images"] == 4
    assert files(copy) == before


def test_other_parameters_are_refused_by_name(copy):
    with pytest.raises(DatasetFolderError, match="seed is 5, not 6.*--overwrite"):
        make_dataset(copy, "small", seed=6)
    assert make_dataset(copy, "small", seed=6, overwrite=True).made == 6


def test_a_surface_that_was_built_elsewhere_is_refused_with_what_to_give(
    original, copy, embedded_surface, tmp_path
):
    """Its last bits are another machine's. With the first one's surface the set goes on there."""
    vertices = embedded_surface.vertices * np.float32(1 + 2e-7)
    elsewhere = dataclasses.replace(embedded_surface, vertices=vertices)
    elsewhere.save(tmp_path / "elsewhere.npz")
    (copy / "complete.json").unlink()
    with pytest.raises(DatasetFolderError, match="surface_crc32 is .* was begun with by --surface"):
        make_dataset(copy, "small", seed=5, surface_path=tmp_path / "elsewhere.npz")
    embedded_surface.save(tmp_path / "its_own.npz")
    assert make_dataset(copy, "small", seed=5, surface_path=tmp_path / "its_own.npz").made == 0
    assert files(copy) == files(original)


def test_noise_worlds_are_deleted_when_their_pictures_were_made_anew_as_others(
    copy, monkeypatch, embedded_surface
):
    """A machine that rounds otherwise may see another pixel, and another person in the end."""
    for split in ("train", "val"):
        write_world(RenderedSplit.load(copy, split, embedded_surface), "clean", CleanWorld())
    image_path(copy, "train", 3).unlink()
    make_dataset(copy, "small", seed=5)
    assert (copy / "train_clean.json").exists()

    def rounds_otherwise(*args, **kwargs):
        image = good(*args, **kwargs)
        image.record["camera"]["R"][0][0] += 1e-6
        return image

    good = workers.synthesise
    monkeypatch.setattr(workers, "synthesise", rounds_otherwise)
    image_path(copy, "train", 3).unlink()
    make_dataset(copy, "small", seed=5)
    assert not (copy / "train_clean.json").exists() and (copy / "val_clean.json").exists()


@pytest.fixture
def own_files(copy, embedded_surface):
    """What a user may have put among the files of a data set, some of it under their names."""
    source = RenderedSplit.load(copy, "val", embedded_surface)
    written = write_world(source, "clean", CleanWorld())
    changed = json.loads(written.read_text())
    contents = {
        "train_notes.json": "{}",
        "train_annotator.json": '{"annotations": []}',
        "train_shared.json": "not JSON",
        "train_iid.json": "",
        # A world that was edited by hand, and one under another's name.
        "val_clean.json": json.dumps(changed, indent=1),
        "val_shared.json": written.read_text(),
        "images/train/me.jpg": "a photo",
        "images/notes.txt": "to do",
        "shards/train/000001.txt": "mine",
    }
    for name, content in contents.items():
        (copy / name).write_text(content)
    return {copy / name: content for name, content in contents.items()}


@pytest.mark.parametrize("change", [{}, {"seed": 6, "overwrite": True}])
def test_files_that_are_not_of_the_data_set_are_never_deleted(copy, own_files, change):
    (copy / "complete.json").unlink()
    make_dataset(copy, "small", **{"seed": 5} | change)
    for path, content in own_files.items():
        assert path.read_text() == content, path


def test_noise_worlds_of_a_replaced_data_set_are_deleted(copy, embedded_surface):
    source = RenderedSplit.load(copy, "train", embedded_surface)
    stale = write_world(source, "clean", CleanWorld())
    make_dataset(copy, "small", seed=6, overwrite=True)
    assert not stale.exists()


def test_a_noise_world_that_was_cut_short_is_deleted_and_can_be_made_again(copy, embedded_surface):
    source = RenderedSplit.load(copy, "train", embedded_surface)
    world = write_world(source, "clean", CleanWorld())
    whole = world.read_bytes()
    world.write_bytes(whole[:-40])
    (copy / "complete.json").unlink()
    make_dataset(copy, "small", seed=5)
    assert not world.exists()
    assert write_world(source, "clean", CleanWorld()).read_bytes() == whole


def test_a_folder_of_other_things_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(DatasetFolderError, match="neither empty nor"):
        make_dataset(tmp_path, "small", overwrite=True)
    assert (tmp_path / "thesis.txt").read_text() == "precious"


def test_bad_arguments_are_refused(tmp_path):
    with pytest.raises(ValueError, match="unknown preset 'huge'; known: tiny"):
        make_dataset(tmp_path / "a", "huge")
    with pytest.raises(ValueError, match="seed must be"):
        make_dataset(tmp_path / "a", "small", seed=-1)
    assert not (tmp_path / "a").exists()


def test_a_missing_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(requirements, "SYNTH_MODULES", ("anny", "no_such_package"))
    with pytest.raises(requirements.MissingExtraError, match=r"no_such_package is not.*make setup"):
        make_dataset(tmp_path / "set", "small", seed=5)


@pytest.fixture
def backgrounds(tmp_path):
    """A folder of two photographs."""
    folder = tmp_path / "backgrounds"
    folder.mkdir()
    for name, colour in (("a.png", (200, 90, 20)), ("b.png", (20, 120, 90))):
        cv2.imwrite(str(folder / name), np.full((120, 160, 3), colour, np.uint8))
    return folder


def test_photographs_behind_people_are_recorded_and_make_other_pictures(
    original, tmp_path, backgrounds
):
    folder = tmp_path / "set"
    make_dataset(folder, "small", seed=5, backgrounds=backgrounds)
    recorded = json.loads((folder / "parameters.json").read_text())["backgrounds"]
    assert recorded == {p.name: zlib.crc32(p.read_bytes()) for p in sorted(backgrounds.iterdir())}
    assert image_path(folder, "val", 0).read_bytes() != image_path(original, "val", 0).read_bytes()
    assert "backgrounds" not in json.loads((original / "parameters.json").read_text())


def test_a_set_goes_on_with_the_same_backgrounds_alone(tmp_path, backgrounds):
    def resume(**options):
        return make_dataset(folder, "small", seed=5, workers=1, **options)

    folder, elsewhere = tmp_path / "set", tmp_path / "elsewhere"
    resume(backgrounds=backgrounds)
    whole = files(folder)
    backgrounds.rename(elsewhere)
    (elsewhere / "LICENCE.txt").write_text("no picture")
    image_path(folder, "train", 1).unlink()
    assert resume(backgrounds=elsewhere).made == 1
    assert files(folder) == whole
    with pytest.raises(DatasetFolderError, match="has 2 background pictures, not these 0.*a.png"):
        resume()
    cv2.imwrite(str(elsewhere / "b.png"), np.zeros((120, 160, 3), np.uint8))
    with pytest.raises(DatasetFolderError, match="not these 2, of which 1 differ, such as b.png"):
        resume(backgrounds=elsewhere)
    assert files(folder) == whole


def test_painted_sets_do_not_go_on_with_photographs(copy, backgrounds):
    with pytest.raises(DatasetFolderError, match="has 0 background pictures, not these 2"):
        make_dataset(copy, "small", seed=5, backgrounds=backgrounds)


def test_the_order_of_random_draws_of_earlier_presets_stays(person_maker):
    """Else the same seed would make other pictures. The generator is asked after a whole one."""
    for name, expected in (("tiny", 193135471), ("bench", 931999980), ("upright", 161006386)):
        preset = PRESETS[name]
        rng = np.random.default_rng([0, 0, 3])
        width, height = preset.image_sizes[int(rng.integers(len(preset.image_sizes)))]
        workers.synthesise(rng, person_maker, preset.scene, width=width, height=height)
        assert int(rng.integers(1 << 30)) == expected, name


def test_parameters_of_earlier_presets_stay(tmp_path, embedded_surface):
    """Else their sets could not be resumed."""
    scene = dataset._parameters("upright", PRESETS["upright"], 0, embedded_surface, None)["scene"]
    assert scene == {
        "num_people_weights": [1.0],
        "stances": ["stand", "contrapposto", "walk"],
        "close_up_share": 0.0,
        "with_things": False,
    }
    assert "scene" not in dataset._parameters("demo", PRESETS["demo"], 0, embedded_surface, None)


def test_a_failing_image_is_named_and_the_others_are_kept(original, tmp_path, monkeypatch):
    good = workers.synthesise
    calls = []

    def fails_at_the_third(*args, **kwargs):
        calls.append(1)
        if len(calls) == 3:
            raise RuntimeError("no film")
        return good(*args, **kwargs)

    monkeypatch.setattr(workers, "synthesise", fails_at_the_third)
    with pytest.raises(workers.WorkerError, match="train/000002.jpg of seed 5 failed: no film"):
        make_dataset(tmp_path / "set", "small", seed=5)
    assert not (tmp_path / "set/train.json").exists()
    assert make_dataset(tmp_path / "set", "small", seed=5).reused == 2
    assert files(tmp_path / "set") == files(original)


def test_a_surface_of_another_body_is_refused(tmp_path, embedded_surface):
    shifted = dataclasses.replace(
        embedded_surface, vertices=embedded_surface.vertices * np.float32(1.1)
    )
    shifted.save(tmp_path / "surface.npz")
    with pytest.raises(ValueError, match="not that of the installed body model"):
        make_dataset(tmp_path / "set", "small", surface_path=tmp_path / "surface.npz")


def test_the_files_are_coco(original):
    content = json.loads((original / "train.json").read_text())
    assert content["info"]["seed"] == 5 and content["info"]["preset"] == "small"
    assert content["info"]["statistics"]["images"] == len(content["images"]) == 4
    assert len(content["categories"][0]["keypoints"]) == 17
    identifiers = [annotation["id"] for annotation in content["annotations"]]
    assert len(set(identifiers)) == len(identifiers) and min(identifiers) > 0
    images = {image["id"] for image in content["images"]}
    assert {annotation["image_id"] for annotation in content["annotations"]} == images
    validation = json.loads((original / "val.json").read_text())
    assert images.isdisjoint(image["id"] for image in validation["images"])
    for image in content["images"]:
        assert (original / "images" / image["file_name"]).is_file()


def test_the_project_reads_them(original):
    records = load_densepose_json(
        "synth_test_small", original / "train.json", original / "images", how_to_get="make it"
    )
    assert len(records) == 4
    assert all(record["annotations"] for record in records)


@pytest.fixture
def tool():
    """The command line's `main`."""
    return load_tool("make_synthetic_dataset").main


def test_the_tool_explains_itself(tool, capsys):
    with pytest.raises(SystemExit, match="0"):
        tool(["--help"])
    explained = capsys.readouterr().out
    assert all(word in explained for word in ("bench", "6000 train", "dp_U_true"))


def test_the_tool_refuses_a_folder_of_other_people(tool, original, capsys):
    with pytest.raises(SystemExit, match="1"):
        tool(["--preset", "tiny", "--out", str(original)])
    assert "preset is small, not tiny" in capsys.readouterr().err


def test_the_tool_refuses_nonsense(tool, capsys):
    for arguments in (["--preset", "huge"], ["--seed", "-1"], ["--workers", "0"]):
        with pytest.raises(SystemExit, match="2"):
            tool(arguments)
        assert arguments[0] in capsys.readouterr().err


def test_the_tool_draws_a_contact_sheet(tool, original, tmp_path, capsys):
    figure = tmp_path / "sheet.png"
    arguments = ["--preset", "small", "--seed", "5", "--out", str(original)]
    tool([*arguments, "--figure", str(figure)])
    assert "complete, 6 were there" in capsys.readouterr().out
    sheet = cv2.imread(str(figure))
    assert sheet.shape[0] > 300 and sheet.std() > 20


@pytest.mark.parametrize("name", ["../x.jpg", "/etc/x.jpg", "a/../../x.jpg"])
def test_a_contact_sheet_shows_pictures_of_the_data_set_alone(tmp_path, name):
    content = {"images": [{"id": 7, "file_name": name}], "annotations": []}
    (tmp_path / "val.json").write_text(json.dumps(content))
    with pytest.raises(MissingImageError, match=f"image 7: '{name}' leads out"):
        draw_contact_sheet(tmp_path, "val", tmp_path / "sheet.png", 1, 1)


def test_parameters_of_older_presets_do_not_mention_later_fields(embedded_surface):
    from synthetic_people.dataset import _parameters
    from synthetic_people.presets import PRESETS

    def scene_of(name):
        return _parameters(name, PRESETS[name], 0, embedded_surface, None).get("scene")

    assert scene_of("tiny") is scene_of("demo") is scene_of("bench") is None
    assert scene_of("upright") == {
        "num_people_weights": [1.0],
        "stances": ["stand", "contrapposto", "walk"],
        "close_up_share": 0.0,
        "with_things": False,
    }
    assert scene_of("photo")["volumes"] and scene_of("photo")["portrait_share"] > 0

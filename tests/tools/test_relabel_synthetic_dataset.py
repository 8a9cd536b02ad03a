"""tools/relabel_synthetic_dataset.py: worlds beside the data set, one line about what is wrong."""

import json
import shutil

import pytest


@pytest.fixture
def folder(tiny_data_root, tmp_path):
    for split in ("train", "val"):
        shutil.copy(tiny_data_root / f"synth_people_tiny/{split}.json", tmp_path)
    return tmp_path


def test_it_writes_the_worlds_that_it_is_asked_for(tool, folder, capsys):
    tool.main(["--data", str(folder), "--world", "clean", "iid", "--seed", "3"])
    made = sorted(path.name for path in folder.iterdir())
    assert made == [
        "train.json", "train_clean.json", "train_iid.json",
        "val.json", "val_clean.json", "val_iid.json",
    ]  # fmt: skip
    assert capsys.readouterr().out.split() == [
        str(folder / f"{split}_{world}.json")
        for split in ("train", "val")
        for world in ("clean", "iid")
    ]
    info = json.loads((folder / "val_iid.json").read_bytes())["info"]
    assert info["noise_world"]["seed"] == 3


def test_it_can_be_told_the_split(tool, folder):
    tool.main(["--data", str(folder), "--world", "clean", "--split", "val"])
    assert not (folder / "train_clean.json").exists() and (folder / "val_clean.json").exists()


def test_mistakes_are_told_in_one_line(refused, folder, tmp_path):
    message = refused("--data", folder, "--world", "shred")
    assert "invalid choice: 'shred'" in message and "annotator" in message
    message = refused("--data", tmp_path / "nowhere", "--world", "clean")
    assert "nowhere/train.json: no such file" in message and "make_synthetic_dataset" in message
    assert "at least 0" in refused("--data", folder, "--seed", "-1")
    message = refused("--data", folder, "--surface", tmp_path / "none.npz")
    assert "none.npz" in message


def test_help_names_every_world(tool, capsys):
    from synthetic_people.worlds import WORLDS

    with pytest.raises(SystemExit):
        tool.main(["--help"])
    out = capsys.readouterr().out
    assert all(f"\n  {world} " in out for world in WORLDS)

"""The training tool on annotation files of other makers: categories, and test sets at fault."""

import json
import shutil

import pytest

from tests.tiny_training import lazy_train_net, train_net, trained_folder

METRICS = "metrics_synth_people_tiny_val.json"

LAYOUTS = {
    "people before": ([{"id": 0, "name": "people"}, {"id": 1, "name": "person"}], 1, None),
    "background": ([{"id": 0, "name": "background"}, {"id": 1, "name": "person"}], 1, None),
    "a dog before": ([{"id": 1, "name": "dog"}, {"id": 2, "name": "person"}], 2, None),
    "annotated dogs": ([{"id": 1, "name": "dog"}, {"id": 2, "name": "person"}], 2, 1),
    "0": ([{"id": 0, "name": "person"}], 0, None),
    "7": ([{"id": 7, "name": "person"}], 7, None),
}


def copied(source, target):
    """The tiny data set below another folder, whose annotation file may be changed."""
    (target / "synth_people_tiny").mkdir(parents=True)
    for path in source.iterdir():
        if path.suffix == ".npz":
            (target / path.name).symlink_to(path)
    for path in (source / "synth_people_tiny").iterdir():
        copy = target / "synth_people_tiny" / path.name
        if path.is_dir():
            copy.symlink_to(path)
        else:
            shutil.copyfile(path, copy)
    return target / "synth_people_tiny" / "val.json"


@pytest.mark.slow
@pytest.mark.parametrize("name", LAYOUTS)
def test_a_model_has_the_same_numbers(name, tiny_data_root, tmp_path):
    trained = trained_folder(tiny_data_root)
    categories, person, dog = LAYOUTS[name]
    path = copied(tiny_data_root, tmp_path / "data")
    content = json.loads(path.read_text())
    for annotation in content["annotations"]:
        annotation["category_id"] = person
    if dog is not None:
        animals = [
            {"id": 10**6 + image["id"], "image_id": image["id"], "category_id": dog}
            | {"bbox": [5.0, 5.0, 40.0, 30.0], "area": 1200.0, "iscrowd": 0}
            for image in content["images"]
        ]
        content["annotations"] = animals + content["annotations"]
    path.write_text(json.dumps(content | {"categories": categories}))
    changes = {"OUTPUT_DIR": str(tmp_path / "out")}
    changes["MODEL__WEIGHTS"] = str(trained / "model_final.pth")
    done = train_net(tmp_path / "data", "--eval-only", **changes)
    assert done.returncode == 0, done.stderr[-3000:]
    assert (tmp_path / "out" / METRICS).read_text() == (trained / METRICS).read_text()


def test_faults_of_a_test_set_end_a_training_before_it_begins(tiny_data_root, tmp_path):
    path = copied(tiny_data_root, tmp_path / "data")
    content = json.loads(path.read_text())
    for annotation in content["annotations"]:
        if "dp_I" in annotation:
            annotation["dp_I"] = [0] * len(annotation["dp_I"])
    path.write_text(json.dumps(content))
    out = tmp_path / "out"
    done = train_net(tmp_path / "data", OUTPUT_DIR=str(out))
    lazily = lazy_train_net(tmp_path / "data", out)
    for one in (done, lazily):
        assert one.returncode == 1 and "Traceback" not in one.stderr
        last = one.stderr.strip().splitlines()[-1]
        assert last.startswith("error: ") and "val.json" in last and "part of a point is 0" in last
    assert not list(out.glob("*.pth"))

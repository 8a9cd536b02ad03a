"""The training tool on annotation files of other makers: categories, and test sets at fault."""

import json
import shutil

import pytest

from tests.tiny_training import OPTIONS, TOOL, lazy_train_net, train_net
from tests.tool_processes import run_forked
from uncertain_densepose import model_zoo
from uncertain_densepose.evaluation.detections.gps_ap import MODES

METRICS = "metrics_synth_people_tiny_val.json"
MODEL = "synth/unc_full_small"
SAME_OPTIONS = (
    "DATASETS.TRAIN",
    "DATASETS.TEST",
    "DATALOADER.NUM_WORKERS",
    "MODEL.DEVICE",
    "DENSEPOSE_EVALUATION.GLOBAL_VARIANCE_IMAGES",
)

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


def with_twelve_images(source, target):
    """The same, its test set the twelve images of the training set."""
    path = copied(source, target)
    shutil.copyfile(path.with_name("train.json"), path)
    return path


def evaluated(data, out) -> dict[str, dict]:
    """The metrics of the shipped model, as they are written."""
    command = [str(TOOL), "--eval-only", "--config-file", model_zoo.get_config_file(MODEL)]
    options = {key: OPTIONS[key] for key in SAME_OPTIONS}
    options |= {"OUTPUT_DIR": str(out), "MODEL.WEIGHTS": str(model_zoo.get_checkpoint(MODEL))}
    command += [word for pair in options.items() for word in pair]
    done = run_forked(command, DETECTRON2_DATASETS=str(data))
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads((out / METRICS).read_text())


@pytest.fixture(scope="module")
def metrics_of_person_1(tiny_data_root, tmp_path_factory):
    folder = tmp_path_factory.mktemp("person_1")
    content = json.loads(with_twelve_images(tiny_data_root, folder / "data").read_text())
    assert len(content["images"]) == 12
    assert [one["id"] for one in content["categories"]] == [1]
    metrics = evaluated(folder / "data", folder / "out")
    assert all(metrics[task]["AP"] > 5 for task in ("bbox", *MODES))
    return metrics


@pytest.mark.slow
@pytest.mark.parametrize("name", LAYOUTS)
def test_a_model_has_the_same_numbers(name, tiny_data_root, metrics_of_person_1, tmp_path):
    categories, person, dog = LAYOUTS[name]
    path = with_twelve_images(tiny_data_root, tmp_path / "data")
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
    assert evaluated(tmp_path / "data", tmp_path / "out") == metrics_of_person_1


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

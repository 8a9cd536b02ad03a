"""Wrong options, files and config values: one line that names them, and never a traceback."""

import importlib
import json
import logging
import shlex
import subprocess
import sys

import cv2
import numpy as np
import pytest
import torch

from tests.model_factory import make_config, make_model
from tests.people_on_disk import registered
from tests.surface_factory import make_tiny_surface
from tests.tool_loader import ROOT, load_tool
from tests.tools.misuses import MISUSES
from tests.tools.training_misuses import TRAINING_MISUSES
from tests.uncertain_densepose.evaluation.keypoints.keypoint_scene import with_keypoints
from tests.uncertain_densepose.evaluation.scene import coco, labelled

BOX = (20.0, 10.0, 60.0, 90.0)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Files to misuse, by name, beside a data set `misused`."""
    root = tmp_path_factory.mktemp("misuse")
    paths = {
        name: root / name
        for name in ("missing", "folder", "file", "empty", "binary", "deep", "huge", "nul", "out")
    }
    paths["root"] = root
    paths["folder"].mkdir()
    paths["empty"].touch()
    paths["file"].write_text("text")
    paths["nul"].write_text("a,b\n\0,1\n")
    paths["binary"].write_bytes(np.random.default_rng(0).bytes(3000))
    paths["deep"].write_text(200_000 * "[")
    paths["huge"].write_text(f'[{{"id": {"9" * 5000}}}]')
    surface = make_tiny_surface()
    for name, ending in {
        "config": "yaml", "weights": "pth", "wider": "pth", "image": "png", "surface": "npz",
        "results": "json", "metrics": "json", "parts": "npy", "mesh": "obj", "bodyarray": "npy",
        "wrong_python": "py",
    }.items():  # fmt: skip
        paths[name] = root / f"{name}.{ending}"
    paths["annotations"] = root / "val.json"
    paths["wrong_python"].write_text("model = (\n")
    paths["results"].write_text("[]")
    paths["metrics"].write_text(json.dumps({"bbox": {"AP": 50.0}}))
    paths["keypoints"] = root / "keypoints.json"
    people = [with_keypoints(1, 1, BOX)]
    paths["keypoints"].write_text(json.dumps(coco(people, 2)))
    without_people = coco(people, 2) | {
        "categories": [{"id": key, "name": name} for key, name in ((1, "cat"), (2, "dog"))]
    }
    paths["cats"] = root / "cats.json"
    paths["cats"].write_text(json.dumps(without_people))
    surface.save(paths["surface"])
    np.save(paths["parts"], surface.face_part)
    np.save(paths["bodyarray"], surface.vertices)
    paths["mesh"].write_text("\n".join(obj_lines(surface)))
    cv2.imwrite(str(paths["image"]), np.full((80, 60, 3), 200, np.uint8))
    rng = np.random.default_rng(0)
    with registered("misused", root, [labelled(1, 1, BOX, rng), labelled(2, 2, BOX, rng)], 2):
        options = ["DATASETS.TRAIN", ("misused",), "DATASETS.TEST", (), "INPUT.MIN_SIZE_TEST", 64]
        options += ["DATALOADER.NUM_WORKERS", 0, "OUTPUT_DIR", str(paths["out"])]
        cfg = make_config("full", *options, "SOLVER.IMS_PER_BATCH", 2, "SOLVER.MAX_ITER", 1)
        torch.save({"model": make_model(cfg).state_dict()}, paths["weights"])
        cfg.MODEL.WEIGHTS = str(paths["weights"])
        cfg.DENSEPOSE_EVALUATION.SURFACE = str(paths["surface"])
        paths["config"].write_text(cfg.dump())
        cfg.MODEL.ROI_DENSEPOSE_HEAD.CONV_HEAD_DIM = 24
        torch.save({"model": make_model(cfg).state_dict()}, paths["wider"])
        yield {name: str(path) for name, path in paths.items()}


def obj_lines(surface):
    for x, y, z in surface.vertices:
        yield f"v {x} {y} {z}"
    for u, v in surface.face_uv.reshape(-1, 2):
        yield f"vt {u} {v}"
    for number, face in enumerate(surface.faces):
        yield "f " + " ".join(f"{v + 1}/{3 * number + k + 1}" for k, v in enumerate(face))


ALL_MISUSES = MISUSES | TRAINING_MISUSES

CASES = [
    pytest.param(tool, words, named, id=f"{tool} {words}"[:150])
    for tool, misuses in ALL_MISUSES.items()
    for words, named in misuses
]


def main_of(tool):
    return importlib.import_module(tool).main if "." in tool else load_tool(tool).main


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    # Detectron2 keeps handlers of streams that an earlier test has closed.
    monkeypatch.setattr(logging, "raiseExceptions", False)
    # It asks compilers and drivers for their versions, which takes seconds.
    monkeypatch.setattr("detectron2.engine.defaults.collect_env_info", str)


def errors_in(shown: str) -> list[str]:
    """The lines of stderr, without the progress bars of downloads."""
    return [line for line in shown.strip().splitlines() if "B/s]" not in line]


@pytest.mark.parametrize("tool, words, named", CASES)
def test_a_misuse_is_answered_in_one_line(tool, words, named, files, capsys):
    arguments = [word.format(**files) for word in shlex.split(words)]
    with pytest.raises(SystemExit) as end:
        main_of(tool)(arguments)
    # `launch_tool` leaves the message to the interpreter, which prints it and exits with 1.
    message = end.value.code if isinstance(end.value.code, str) else ""
    (line,) = errors_in(capsys.readouterr().err + message)
    assert message or end.value.code in (1, 2)
    assert "error: " in line and named.format(**files) in line


def test_there_are_misuses_of_every_tool():
    tools = {path.stem for path in (ROOT / "tools").glob("*.py")} - {"setup_environment"}
    assert tools <= set(ALL_MISUSES) and len(CASES) > 300


@pytest.mark.parametrize(
    "command",
    [
        ["tools/train_net.py", "--num-gpus", "-1"],
        ["tools/apply_net.py", "show", "a.png", "--out", ""],
        ["tools/import_surface.py", "charts", "--charts", "https://a.b/c.mat"],
        ["-m", "lab.experiment", "four_losses.yaml", "--jobs", "0"],
    ],
    ids=" ".join,
)
def test_so_it_is_in_a_process_of_its_own(command):
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 2 and not done.stdout
    assert len(done.stderr.splitlines()) == 1 and "error: argument --" in done.stderr

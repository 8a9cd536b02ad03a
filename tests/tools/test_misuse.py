"""Wrong options, files and config values: one line that names them, and never a traceback."""

import importlib
import json
import logging
import shlex

import cv2
import numpy as np
import pytest
import torch

from tests.model_factory import make_config, make_model
from tests.people_on_disk import registered
from tests.surface_factory import make_tiny_surface
from tests.tool_loader import load_tool
from tests.tools.misuses import MISUSES
from tests.uncertain_densepose.evaluation.scene import labelled

BOX = (20.0, 10.0, 60.0, 90.0)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Files to misuse, by name, beside a data set `misused`."""
    root = tmp_path_factory.mktemp("misuse")
    paths = {
        name: root / name
        for name in ("missing", "folder", "file", "empty", "binary", "deep", "huge", "nul", "out")
    }
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
    surface.save(paths["surface"])
    np.save(paths["parts"], surface.face_part)
    np.save(paths["bodyarray"], surface.vertices)
    paths["mesh"].write_text("\n".join(_obj_lines(surface)))
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


def _obj_lines(surface):
    for x, y, z in surface.vertices:
        yield f"v {x} {y} {z}"
    for u, v in surface.face_uv.reshape(-1, 2):
        yield f"vt {u} {v}"
    for number, face in enumerate(surface.faces):
        yield "f " + " ".join(f"{v + 1}/{3 * number + k + 1}" for k, v in enumerate(face))


CASES = [
    pytest.param(tool, words, named, id=f"{tool} {words}"[:150])
    for tool, misuses in MISUSES.items()
    for words, named in misuses
]


def main_of(tool):
    return importlib.import_module(tool).main if "." in tool else load_tool(tool).main


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    # Detectron2 keeps handlers of streams that an earlier test has closed.
    monkeypatch.setattr(logging, "raiseExceptions", False)


@pytest.mark.parametrize("tool, words, named", CASES)
def test_a_misuse_is_answered_in_one_line(tool, words, named, files, capsys):
    arguments = [word.format(**files) for word in shlex.split(words)]
    import time
    import traceback

    t0 = time.time()
    try:
        with pytest.raises(SystemExit) as end:
            main_of(tool)(arguments)
    except BaseException as e:
        with open("/tmp/s24/t5_out.txt", "a") as f:
            print(
                "RAW",
                f"{time.time() - t0:.1f}",
                tool,
                words[-200:],
                "=>",
                type(e).__name__,
                str(e)[:300].replace(chr(10), " "),
                traceback.format_tb(e.__traceback__)[-1].replace(chr(10), " "),
                file=f,
            )
        raise
    shown = capsys.readouterr().err
    if isinstance(end.value.code, str):
        shown, status = shown + end.value.code, 1
    else:
        status = end.value.code
    lines = shown.strip().splitlines()
    ok = (
        status in (1, 2)
        and len(lines) == 1
        and "error: " in lines[0]
        and named.format(**files) in lines[0]
    )
    with open("/tmp/s24/t5_out.txt", "a") as f:
        print(
            "OK" if ok else "BAD",
            f"{time.time() - t0:.1f}",
            tool,
            words[-200:],
            "=>",
            status,
            len(lines),
            shown[-500:].replace(chr(10), " | "),
            file=f,
        )
    assert status in (1, 2)
    assert len(lines) == 1 and "error: " in lines[0], shown
    assert named.format(**files) in lines[0]

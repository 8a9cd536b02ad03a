"""How much time and memory large inputs take: of the processor, in a process of its own each."""

import json
import subprocess
import sys
import textwrap
from dataclasses import dataclass

import pytest

from tests.tool_loader import ROOT

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Cost:
    """Seconds of the processor, and the largest memory in GB, of which torch alone takes 0.8."""

    seconds: float
    peak_gb: float


REPORT = """
import json as _json, resource as _resource
_used = _resource.getrusage(_resource.RUSAGE_SELF)
print(_json.dumps([_used.ru_utime + _used.ru_stime, _used.ru_maxrss / 1e6]))
"""


def cost_of(program: str, *arguments) -> Cost:
    """What a program takes whose arguments are in `sys.argv`."""
    command = [sys.executable, "-c", textwrap.dedent(program) + REPORT, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-3000:]
    cost = Cost(*json.loads(done.stdout.splitlines()[-1]))
    print(f"{cost.seconds:.0f} s, {cost.peak_gb:.2f} GB")
    return cost


def test_a_hundred_people_in_a_picture(tmp_path):
    """Predicted in given boxes, and dumped."""
    cost = cost_of(
        """
        import sys
        import numpy as np
        from tests.model_factory import make_config, make_model
        from tests.surface_factory import make_tiny_surface
        from uncertain_densepose.inference import ChartMetric, Predictor, save_people
        cfg = make_config("full", "INPUT.MIN_SIZE_TEST", 800)
        metric = ChartMetric(make_tiny_surface())
        predictor = Predictor.from_model(cfg, make_model(cfg), metric)
        image = np.random.default_rng(0).integers(0, 256, (1000, 1500, 3), dtype=np.uint8)
        x, y = np.meshgrid(np.arange(20) * 70.0, np.arange(5) * 190.0)
        corner = np.stack([x.ravel(), y.ravel()], axis=1)
        people = predictor.predict_boxes(image, np.concatenate([corner, corner + (120, 230)], 1))
        assert len(people) == 100
        save_people(sys.argv[1], people, image.shape[:2])
        """,
        tmp_path / "people.npz",
    )
    assert cost.seconds < 120 and cost.peak_gb < 4


def test_ten_thousand_points_on_a_person():
    """A step of training, and their places on the body."""
    cost = cost_of(
        """
        import numpy as np
        from detectron2.utils.events import EventStorage
        from tests.model_factory import make_config, make_input, make_model, make_points
        from dataclasses import replace
        from tests.surface_factory import make_tiny_surface
        from tests.uncertain_densepose.inference.people_factory import figure_person
        from uncertain_densepose.inference import ChartMetric, body_points_at
        model = make_model(make_config("full")).train()
        with EventStorage():
            losses = model([make_input([make_points(10_000)])])
        sum(losses.values()).backward()
        person = figure_person((5, 5, 500, 700), (720, 510))
        person = replace(person, metric=ChartMetric(make_tiny_surface()))
        xy = np.random.default_rng(0).uniform((5, 5), (500, 700), (10_000, 2))
        assert len(body_points_at(person, xy)) == 10_000
        """
    )
    assert cost.seconds < 60 and cost.peak_gb < 3


def test_a_hundred_thousand_results_are_evaluated(tmp_path):
    """5 000 images of 4 people, with 20 detections each."""
    write = """
        import base64, json, sys
        from pathlib import Path
        import cv2
        import numpy as np
        from tests.surface_factory import make_tiny_surface
        from tests.uncertain_densepose.evaluation.scene import coco, labelled
        folder, rng = Path(sys.argv[1]), np.random.default_rng(0)
        def result(image, k):
            iuv = np.full((60, 30, 3), 1 + k % 2, np.uint8)
            iuv[..., 1:] = rng.integers(0, 256, 2)
            text = base64.b64encode(cv2.imencode(".png", iuv[..., ::-1])[1]).decode()
            return {
                "image_id": image, "category_id": 1, "bbox": [5 + 35 * (k % 4), 10, 30, 60],
                "score": rng.random(),
                "densepose": {"shape_chw": [3, 60, 30], "labels_uv_str": text},
            }
        images = range(1, 5001)
        people = [
            labelled(4 * i + k, i, (5.0 + 35 * k, 10.0, 30.0, 60.0), rng)
            for i in images for k in range(4)
        ]
        (folder / "truth.json").write_text(json.dumps(coco(people, 5000)))
        results = [result(i, k) for i in images for k in range(20)]
        (folder / "results.json").write_text(json.dumps(results))
        make_tiny_surface().save(folder / "surface.npz")
        """
    cost_of(write, tmp_path)
    cost = cost_of(
        """
        import sys
        from pathlib import Path
        from tests.tool_loader import load_tool
        folder = Path(sys.argv[1])
        load_tool("evaluate").main([
            "--annotations", str(folder / "truth.json"), "--results", str(folder / "results.json"),
            "--surface", str(folder / "surface.npz"),
        ])
        """,
        tmp_path,
    )
    assert cost.seconds < 180 and cost.peak_gb < 1.5


def test_two_thousand_frames(tmp_path):
    """Found, dumped and recorded, with a stand-in for the network; then seen as done."""
    program = """
        import sys
        from pathlib import Path
        import numpy as np
        from tests.tools.apply_net_runs import FakePredictor
        from uncertain_densepose.cli.actions import Dump
        from uncertain_densepose.cli.image_run import run_on_images
        from uncertain_densepose.cli.run_folder import RunFolder
        from uncertain_densepose.inference.image_sources import SourceImage
        out, file = Path(sys.argv[1]), Path(sys.argv[2])
        picture = np.full((80, 60, 3), 255, np.uint8)
        class Video(list):
            expected_images = 2000
        frames = Video(
            SourceImage(f"clip/{k:06d}", file, k, lambda: picture) for k in range(2000)
        )
        action, predictor = Dump(out), FakePredictor("full", file)
        for done in (2000, 0):
            folder = RunFolder(out, {}, False)
            find = lambda _, pixels: predictor(pixels)
            report = run_on_images(find, [frames], folder, action.write, 8)
            assert (report.done, report.skipped) == (done, 2000 - done)
            folder.finish_run(p.relative_to(out).as_posix() for p in action.finish(folder, []))
        """
    (tmp_path / "clip.mp4").write_bytes(b"clip")
    cost = cost_of(program, tmp_path / "out", tmp_path / "clip.mp4")
    assert cost.seconds < 300 and cost.peak_gb < 1.5


WIDTH, HEIGHT = 12_000, 9_000

COST_OF_DUMP = {"npz": (200, 2.3), "coco": (180, 2.3), "iuv inds parts cutout": (270, 3.0)}
"""Bounds by formats: seconds and GB."""

WRITE_PICTURE = f"""
import sys
import numpy as np
from PIL import Image
rng = np.random.default_rng(0)
small = rng.integers(0, 256, (90, 120, 3), dtype=np.uint8)
Image.fromarray(small).resize(({WIDTH}, {HEIGHT}), Image.BILINEAR).save(sys.argv[1], quality=90)
"""

DUMP = f"""
import sys
import torch
from tests.model_factory import make_config, make_model
from tests.surface_factory import make_tiny_surface
from tests.tool_loader import load_tool
from tests.uncertain_densepose.inference.people_factory import figure_person
from uncertain_densepose.cli import apply
from uncertain_densepose.inference import ChartMetric, Predictor
from dataclasses import replace
picture, weights, out, *formats = sys.argv[1:]
cfg = make_config("full", "INPUT.MIN_SIZE_TEST", 800, "MODEL.WEIGHTS", weights)
network = Predictor.from_model(cfg, make_model(cfg), ChartMetric(make_tiny_surface()))
class WithAPerson:
    cfg, metric, score_threshold = network.cfg, network.metric, 0.5
    def __call__(self, images):
        network(images)  # It is not trained; instead of its people, one is returned.
        person = figure_person((0, 0, {WIDTH}, {HEIGHT}), ({HEIGHT}, {WIDTH}))
        return [[replace(person, metric=network.metric)] for _ in images]
apply.build_predictor = lambda args: WithAPerson()
load_tool("apply_net").main(
    ["dump", picture, "--model", "synth/unc_full_small", "--out", out, "--format", *formats]
)
"""


@pytest.mark.parametrize("formats", ["npz", "coco", "iuv inds parts cutout"])
def test_a_person_over_a_hundred_million_pixels_is_dumped(tmp_path, formats):
    """A JPEG of 12 000 x 9 000, read and given to a network; all maps at once take 8.5 GB."""
    picture, weights, out = (tmp_path / name for name in ("large.jpg", "model.pth", "out"))
    cost_of(WRITE_PICTURE, picture)
    weights.write_bytes(b"weights")
    cost = cost_of(DUMP, picture, weights, out, *formats.split())
    most_seconds, most_gb = COST_OF_DUMP[formats]
    assert cost.seconds < most_seconds and cost.peak_gb < most_gb

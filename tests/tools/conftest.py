from pathlib import Path

import pytest

from tests.tool_loader import load_tool
from tests.tools.apply_net_runs import FakePredictor, picture
from tests.uncertain_densepose.evaluation.conftest import flat_distance, flat_surface  # noqa: F401
from uncertain_densepose.cli import apply


@pytest.fixture(scope="module")
def tool():
    return load_tool("apply_net")


@pytest.fixture
def run(tool, monkeypatch, tmp_path):
    """Call the tool on a stand-in of a model; gives the stand-in."""
    weights = tmp_path / "weights.pth"
    weights.write_bytes(b"weights")

    def call(command: str, *images, out=None, kind="full", extra=()):
        predictor = FakePredictor(kind, weights)
        monkeypatch.setattr(apply, "build_predictor", lambda args: predictor)
        out = tmp_path / "out" if out is None else out
        files = ["--config-file", "c.yaml", "--weights", str(weights), "--out", str(out)]
        tool.main([command, *map(str, images), *files, *extra])
        return predictor

    return call


@pytest.fixture
def bright(tmp_path) -> Path:
    return picture(tmp_path / "bright.png", 120)


@pytest.fixture
def dark(tmp_path) -> Path:
    return picture(tmp_path / "dark.png", 9)

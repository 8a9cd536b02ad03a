from pathlib import Path

import pytest

from tests.published_models import by_name, own_cache, published  # noqa: F401
from tests.tool_loader import ROOT, load_tool
from tests.tools.apply_net_runs import FakePredictor, picture
from tests.uncertain_densepose.evaluation.conftest import flat_distance, flat_surface  # noqa: F401
from uncertain_densepose.cli import apply

TOOLS = [path.stem for path in (ROOT / "tools").glob("*.py")]


@pytest.fixture(scope="module")
def tool(request):
    """The tool that the test module is named after."""
    subject = request.module.__name__.rpartition(".test_")[2]
    return load_tool(max((name for name in TOOLS if subject.startswith(name)), key=len))


@pytest.fixture
def ended(capsys):
    """Call a command line that ends with an error, and return the last line of its message."""

    def call(run, *arguments) -> str:
        with pytest.raises(SystemExit) as end:
            run(*arguments)
        assert end.value.code == 2
        return capsys.readouterr().err.strip().splitlines()[-1]

    return call


@pytest.fixture
def refused(tool, ended):
    """`ended` of the tool and its arguments."""
    return lambda *arguments: ended(tool.main, [str(argument) for argument in arguments])


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

"""The first examples that a reader runs, as they stand: README, inference page, notebook."""

import json
import re

import matplotlib
import pytest
from detectron2.config import get_cfg

from tests.tool_loader import ROOT

BLOCK = re.compile(r"```python\n(.*?)```\n(?:\n```text\n(.*?)```)?", re.S)
NOTEBOOK = ROOT / "notebooks" / "quick_start.ipynb"
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def examples(name: str) -> list:
    """Python blocks of a page and the output that it shows below them, None if it shows none."""
    found = BLOCK.findall((ROOT / name).read_text())
    return [pytest.param(*block, id=f"{name} {k}") for k, block in enumerate(found)]


def same_but_for_rounding(printed: str, shown: str) -> bool:
    """The same words, and numbers that agree to two percent: other processors round otherwise."""
    pairs = zip(NUMBER.findall(printed), NUMBER.findall(shown), strict=True)
    same_words = NUMBER.sub("#", printed) == NUMBER.sub("#", shown)
    return same_words and all(float(a) == pytest.approx(float(b), rel=0.02) for a, b in pairs)


@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
@pytest.mark.parametrize("source, output", [*examples("README.md"), *examples("docs/INFERENCE.md")])
def test_an_example_runs_and_prints_what_the_page_shows(source, output, capsys):
    # The two lines for a train script stand below its own `cfg = get_cfg()`.
    exec(compile(source, "<page>", "exec"), {"cfg": get_cfg()})
    printed = capsys.readouterr().out
    if output:
        assert same_but_for_rounding(printed, output), printed


def test_the_first_example_shows_its_output():
    assert BLOCK.findall((ROOT / "README.md").read_text())[0][1]


@pytest.mark.filterwarnings("ignore:.*non-interactive")
def test_the_notebook_runs_from_top_to_bottom(monkeypatch, capsys):
    matplotlib.use("agg")
    monkeypatch.chdir(NOTEBOOK.parent)
    cells = [c for c in json.loads(NOTEBOOK.read_text())["cells"] if c["cell_type"] == "code"]
    names = {"__name__": "__main__"}
    for number, cell in enumerate(cells):
        exec(compile("".join(cell["source"]), f"<cell {number}>", "exec"), names)
    matplotlib.pyplot.close("all")
    assert "the torso moves by" in capsys.readouterr().out


def test_the_notebook_is_stored_without_outputs():
    for cell in json.loads(NOTEBOOK.read_text())["cells"]:
        assert not cell.get("outputs") and not cell.get("execution_count")


def test_numbers_may_be_rounded_otherwise_and_words_may_not():
    assert same_but_for_rounding("sigma 6.48 cm", "sigma 6.5 cm")
    assert not same_but_for_rounding("sigma 7.0 cm", "sigma 6.5 cm")
    assert not same_but_for_rounding("spread 6.5 cm", "sigma 6.5 cm")

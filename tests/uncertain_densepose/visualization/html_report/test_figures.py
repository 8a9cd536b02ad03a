"""Figure files in the page."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from tests.uncertain_densepose.visualization.html_report.results_factory import write_figure
from uncertain_densepose.visualization.html_report import ReportError, RunResults, figure_groups


def run(name, **figures):
    return RunResults(name, Path(name), {}, figures, [])


def test_figures_of_one_name_and_data_set_are_together(tmp_path):
    a = run("a", val=[write_figure(tmp_path / "a" / "part_errors.png", (30, 40))])
    b = run(
        "b",
        val=[write_figure(tmp_path / "b" / "part_errors.png", (10, 20))],
        test=[write_figure(tmp_path / "b" / "test" / "part_errors.png")],
    )
    both, alone = figure_groups([a, b])
    assert (both.title, both.data_set) == ("part errors", "val")
    assert [(f.run, f.width, f.height) for f in both.figures] == [("a", 40, 30), ("b", 20, 10)]
    assert (alone.data_set, [f.run for f in alone.figures]) == ("test", ["b"])
    kind, content = both.figures[0].uri.split(",")
    assert kind == "data:image/png;base64"
    assert base64.b64decode(content) == a.figures["val"][0].read_bytes()


@pytest.mark.parametrize("content", [slice(0, 60), slice(0, 0)])
def test_half_a_figure_is_named(tmp_path, content):
    path = write_figure(tmp_path / "x.png", (60, 80))
    path.write_bytes(path.read_bytes()[content])
    with pytest.raises(ReportError, match=r"x\.png: not a PNG, or truncated"):
        figure_groups([run("a", val=[path])])

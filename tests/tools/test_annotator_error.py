"""tools/annotator_error.py: a figure, a table and numbers; messages that name what is wrong."""

import json

import matplotlib.image
import numpy as np
import pytest

from tests.surface_factory import make_tiny_surface
from tests.uncertain_densepose.evaluation.scene import coco, labelled, write


@pytest.fixture
def run(tool, tmp_path):
    """Call the tool on a person whose labels on the torso's front are 5.6 cm off, on the board."""
    surface = tmp_path / "board.npz"
    make_tiny_surface(cells=4).save(surface)
    person = labelled(1, 1, [10, 20, 40, 60], np.random.default_rng(0))
    person |= {"dp_I": [2] * 12, "dp_U": [0.5] * 12, "dp_V": [0.25] * 12}
    person |= {"dp_U_true": [0.5] * 12, "dp_V_true": [0.75] * 12}
    annotations = write(tmp_path / "people.json", coco([person], num_images=1))
    files = ["--annotations", annotations, "--surface", str(surface)]

    def call(*extra, out="errors.png"):
        tool.main([*files, "--out", str(tmp_path / out), *extra])

    return call


def test_it_paints_the_body_and_prints_a_table(run, tmp_path, capsys):
    run("--json", str(tmp_path / "errors.json"), "--bandwidth-cm", "2")
    out = capsys.readouterr().out
    row = next(line for line in out.splitlines() if line.startswith("torso front"))
    # Two of the board's cells of 2.5 cm.
    assert row.split()[2:] == ["12", "5.00", "5.00", "5.00", "0.0"]
    pixels = matplotlib.image.imread(tmp_path / "errors.png")[..., :3]
    assert (np.ptp(pixels, axis=2) > 0.2).any()
    numbers = json.loads((tmp_path / "errors.json").read_text())
    assert numbers["error_cm"]["all"]["mean"] == pytest.approx(5, abs=0.01)
    assert (numbers["bandwidth_cm"], numbers["reach_cm"], numbers["limit_cm"]) == (2, 4, 30)
    known = [value for value in numbers["vertex_mean_error_cm"] if value is not None]
    assert known and set(numbers["vertex_people"]) == {0, 1}
    assert len(known) == sum(numbers["vertex_people"])
    np.testing.assert_allclose(known, 5, atol=0.01)


def test_larger_errors_count_for_the_limit(run, tmp_path):
    run("--json", str(tmp_path / "errors.json"), "--limit-cm", "2")
    assert json.loads((tmp_path / "errors.json").read_text())["error_cm"]["all"]["mean"] == 2
    run("--json", str(tmp_path / "errors.json"), "--limit-cm", "inf")
    assert json.loads((tmp_path / "errors.json").read_text())["limit_cm"] is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--bandwidth-cm", "0"], "must be a number above 0"),
        (["--bandwidth-cm", "inf"], "must be finite"),
        (["--limit-cm", "wide"], "must be a number above 0, not 'wide'"),
        (["--annotations", "nowhere.json"], "nowhere.json"),
        (["--surface", "nowhere.npz"], "nowhere.npz"),
        (["--out", "figure.doc"], "must end in one of"),
        (["--out", "no/such/folder.png"], "there is no folder no/such"),
    ],
)
def test_mistakes_are_told_in_one_line(ended, run, arguments, message):
    assert message in ended(run, *arguments)

"""Set-up: pins that cover every requirement, and an existing environment that keeps what it has."""

import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def pins(tool):
    """Requirement that constraints.txt holds for each project, by canonical name."""
    lines = tool.CONSTRAINTS.read_text().splitlines()
    requirements = [Requirement(line) for line in lines if not line.startswith("#")]
    found = {tool.canonical_name(r.name): r for r in requirements}
    assert len(found) == len(requirements), "a project is pinned twice"
    return found


def test_every_pin_names_one_exact_version(pins):
    for name, pin in pins.items():
        (specifier,) = pin.specifier
        assert specifier.operator == "==" and "*" not in specifier.version, name


def test_every_requirement_has_a_pin_that_satisfies_it(tool, pins):
    required = [*metadata.requires("uncertain_densepose"), *tool.DETECTRON2_REQUIREMENTS]
    required += [tool.OPENCV, tool.BODY_MODEL, tool.DETECTRON2, "pip"]
    for requirement in map(Requirement, required):
        (pinned,) = pins[tool.canonical_name(requirement.name)].specifier
        assert requirement.specifier.contains(pinned.version), requirement


def test_installed_projects_are_held_and_only_missing_ones_are_pinned(tool):
    lines = ["# a comment", "PyYAML==6.0.3", "ruff==0.1", 'numpy==2.4.6 ; python_version >= "3.11"']
    held = tool.keep_installed(lines, {"numpy": "1.26.4", "pyyaml": "5.4", "torch": "2.4.0+cpu"})
    expected = {"numpy==1.26.4", "pyyaml==5.4", "torch==2.4.0+cpu", "ruff==0.1"}
    assert {line for line in held if not line.startswith("#")} == expected


def test_versions_of_this_environment_are_read_without_our_own(tool):
    found = tool.installed_versions()
    assert found["pytest"] == pytest.__version__
    assert tool.OUR_NAME not in found


def test_a_package_that_fails_to_import_is_broken_rather_than_absent(tool, tmp_path, monkeypatch):
    (tmp_path / "broken_package.py").write_text("raise RuntimeError('built for another torch')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert not tool.is_absent(sys.executable, "broken_package")
    error = tool.import_error(sys.executable, "json, broken_package")
    assert error == "RuntimeError: built for another torch"
    assert tool.is_absent(sys.executable, "no_such_package")
    assert tool.import_error(sys.executable, "json") is None


def test_a_torch_without_a_working_torchvision_is_refused(tool, tmp_path, monkeypatch):
    (tmp_path / "torchvision.py").write_text("raise RuntimeError('nms does not exist')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(SystemExit, match="torchvision fails beside it: .*nms does not exist"):
        tool.check_torch_pair(sys.executable)


def test_an_old_python_is_refused_by_name(tool, monkeypatch):
    monkeypatch.setattr(tool, "OLDEST_PYTHON", (99, 1))
    with pytest.raises(SystemExit, match=r"Python 99\.1 or newer is needed, .* is 3\."):
        tool.main()

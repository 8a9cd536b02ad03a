"""Registration with Detectron2 when that is imported, before, in the middle or afterwards."""

import subprocess
import sys

import pytest

from uncertain_densepose.registration import _AfterImport

LIGHT = """
import sys, uncertain_densepose
assert not {"torch", "numpy", "detectron2"} & set(sys.modules), sorted(sys.modules)
"""
REGISTERED = """
from detectron2.data import DatasetCatalog
from detectron2.modeling import ROI_HEADS_REGISTRY
{later}
assert "DensePoseROIHeads" in ROI_HEADS_REGISTRY
assert {{"synth_people_tiny_val", "densepose_coco_2014_minival"}} <= set(DatasetCatalog.list())
"""
RENDERER = """
import sys
import synthetic_people.dataset, synthetic_people.annotator_error
import synthetic_people.worlds.annotator, synthetic_people.worlds.relabel
assert "detectron2" not in sys.modules
"""


def run(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_package_alone_imports_neither_torch_nor_detectron2():
    run(LIGHT)


def test_the_renderer_needs_no_detectron2():
    run(RENDERER)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("first", "later"),
    [
        ("import uncertain_densepose", ""),
        ("from uncertain_densepose.data import register_densepose_coco", ""),
        ("from uncertain_densepose.engine import Trainer", ""),
        ("", "import uncertain_densepose"),
    ],
)
def test_registries_have_what_belongs_into_them(first, later):
    run(f"{first}\n{REGISTERED.format(later=later)}")


@pytest.fixture
def theirs(tmp_path, monkeypatch):
    """Two modules of others with registries, and one of ours that registers with the first."""
    (tmp_path / "registry_of_others.py").write_text("NAMES = []\n")
    (tmp_path / "broken_of_others.py").write_text("raise ArithmeticError\n")
    (tmp_path / "heads_of_ours.py").write_text(
        "import registry_of_others\nregistry_of_others.NAMES.append('head')\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    waiting = {"registry_of_others": "heads_of_ours", "broken_of_others": "heads_of_ours"}
    monkeypatch.setattr(sys, "meta_path", [_AfterImport(waiting), *sys.meta_path])
    yield waiting
    for name in ("registry_of_others", "heads_of_ours"):
        sys.modules.pop(name, None)


def test_ours_is_imported_right_after_theirs(theirs):
    import registry_of_others

    assert registry_of_others.NAMES == ["head"]
    assert list(theirs) == ["broken_of_others"]


def test_ours_may_be_what_imports_theirs(theirs):
    import heads_of_ours

    assert heads_of_ours.registry_of_others.NAMES == ["head"]


def test_an_import_that_fails_registers_nothing(theirs):
    with pytest.raises(ArithmeticError):
        import broken_of_others  # noqa: F401
    assert "broken_of_others" in theirs and "heads_of_ours" not in sys.modules

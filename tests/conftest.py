"""What is made once and shared by all tests of a run."""

import os
from pathlib import Path

import pytest
from filelock import FileLock

from uncertain_densepose.surface import Surface
from uncertain_densepose.surface.paths import default_surface_path

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True, scope="session")
def run_from_the_root():
    """Configs and data sets are found from the root of the repository."""
    os.chdir(ROOT)


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory) -> Path:
    """A folder that all worker processes of this run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


@pytest.fixture(scope="session")
def embedded_surface() -> Surface:
    """The embedded body, built by the first run on a machine (about a minute and a half)."""
    from synthetic_people.built_surface import ensure_embedded_surface

    path = default_surface_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{path}.lock"):
        return ensure_embedded_surface(path)


@pytest.fixture(scope="session")
def tiny_data_root(shared_folder, embedded_surface) -> Path:
    """A folder for DETECTRON2_DATASETS with the `tiny` synthetic set and the surface."""
    from synthetic_people.dataset import make_dataset

    root = shared_folder / "datasets"
    root.mkdir(exist_ok=True)
    with FileLock(f"{root}.lock"):
        surface = root / default_surface_path().name
        if not surface.exists():
            surface.symlink_to(default_surface_path().resolve())
        make_dataset(root / "synth_people_tiny", "tiny", seed=0, workers=1, surface_path=surface)
    return root

import pytest

from tests.lab.experiments.crop_data import make_crop_data


@pytest.fixture(scope="session")
def crop_folder(tmp_path_factory):
    """The folder of the drawn data set; the surface lies beside it."""
    return make_crop_data(tmp_path_factory.mktemp("datasets"))


@pytest.fixture
def use_crop_data(crop_folder, monkeypatch):
    """$DETECTRON2_DATASETS holds the drawn data set."""
    monkeypatch.setenv("DETECTRON2_DATASETS", str(crop_folder.parent))

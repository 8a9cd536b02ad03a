import pytest
import torch

from lab.experiments.settings import load_experiment
from tests.lab.experiments.crop_data import TINY, make_crop_data

CONFIG = "configs/experiments/four_losses.yaml"


@pytest.fixture(scope="session")
def crop_folder(tmp_path_factory):
    """The folder of the drawn data set; the surface lies beside it."""
    return make_crop_data(tmp_path_factory.mktemp("datasets"))


@pytest.fixture
def use_crop_data(crop_folder, monkeypatch):
    """$DETECTRON2_DATASETS holds the drawn data set."""
    monkeypatch.setenv("DETECTRON2_DATASETS", str(crop_folder.parent))


@pytest.fixture
def tiny_experiment():
    """A function that makes the config of a small experiment."""

    def make(*overrides):
        return load_experiment(CONFIG, [*TINY, *overrides])

    return make


@pytest.fixture(autouse=True)
def one_thread():
    """Sums over threads come out in another order from run to run."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)

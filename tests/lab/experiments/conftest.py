import pytest
import torch

from lab.experiments.settings import load_experiment
from tests.lab.experiments.crop_data import TINY

CONFIG = "configs/experiments/four_losses.yaml"


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

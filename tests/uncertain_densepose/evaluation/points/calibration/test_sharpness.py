import math

import pytest
import torch

from uncertain_densepose.evaluation.points.calibration import sharpness


def test_it_is_the_root_of_the_mean_variance():
    variance = torch.rand(50, generator=torch.Generator().manual_seed(0))
    assert sharpness(variance) == pytest.approx(math.sqrt(math.fsum(variance.tolist()) / 50))


def test_no_points():
    assert math.isnan(sharpness(torch.zeros(0)))

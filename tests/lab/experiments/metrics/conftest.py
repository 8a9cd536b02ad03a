import pytest

from tests.uncertain_densepose.evaluation.flat_surface import make_flat_surface
from uncertain_densepose.evaluation.points.surface_distance import SurfaceDistance


@pytest.fixture(scope="session")
def flat_distance():
    return SurfaceDistance(make_flat_surface())

"""The kernel is that of all pairs of the table, found without looking at all of them."""

import numpy as np
import pytest

from tests.surface_factory import make_tiny_surface
from uncertain_densepose.surface import SurfaceFileError
from uncertain_densepose.surface.geodesic_kernel import geodesic_kernel


@pytest.mark.parametrize("stride", [1, 3])
def test_the_kernel_is_that_of_all_pairs(stride):
    surface = make_tiny_surface(cells=3, table_stride=stride)
    bandwidth_m = 0.043
    vertex = surface.geodesic_vertices
    apart = surface.geodesic_distance(vertex[:, None], vertex[None]).astype(np.float64)
    expected = np.exp(-(apart**2) / (2 * bandwidth_m**2)) * (apart <= 2 * bandwidth_m)
    kernel = geodesic_kernel(surface, bandwidth_m).toarray()
    np.testing.assert_allclose(kernel, expected, atol=1e-12)
    assert 0.01 < (kernel > 0).mean() < 0.5


def test_charts_alone_have_no_kernel():
    with pytest.raises(SurfaceFileError, match="holds charts alone"):
        geodesic_kernel(make_tiny_surface().without_distances(), 0.1)


def test_a_narrow_kernel_is_the_identity():
    kernel = geodesic_kernel(make_tiny_surface(), 1e-3)
    assert (kernel.toarray() == np.eye(kernel.shape[0])).all()

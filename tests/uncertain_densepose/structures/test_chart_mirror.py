"""The charts of a mirrored person."""

import math

import numpy as np
import pytest
import torch
from scipy.io import savemat

from tests.surface_factory import make_tiny_surface
from uncertain_densepose.distributions import similarity_basis
from uncertain_densepose.structures.chart_mirror import (
    ChartMirrorError,
    SymmetricChartMirror,
    TabulatedChartMirror,
)

NUM_POINTS = 400


def random_points(seed=0, low=0.0, high=1.0):
    generator = torch.Generator().manual_seed(seed)
    part = torch.randint(1, 25, (NUM_POINTS,), generator=generator)
    uv = low + (high - low) * torch.rand(NUM_POINTS, 2, dtype=torch.float64, generator=generator)
    return part, uv


def bent_table(size=256):
    """A smooth map of the unit square into itself, another one for each chart."""
    axis = torch.linspace(0, 1, size, dtype=torch.float64)
    v, u = torch.meshgrid(axis, axis, indexing="ij")
    amount = torch.linspace(0.01, 0.05, 24, dtype=torch.float64)[:, None, None]
    bent_u = 1 - u + amount * torch.sin(np.pi * u) * v
    bent_v = v + amount * torch.sin(np.pi * v) * u
    return torch.stack([bent_u, bent_v], dim=-1).clamp(0, 1)


@pytest.fixture(params=["symmetric", "tabulated"])
def mirror(request):
    if request.param == "symmetric":
        return SymmetricChartMirror()
    return TabulatedChartMirror(bent_table())


def test_mirrored_points_are_those_of_the_mirrored_surface():
    surface = make_tiny_surface(cells=3)
    rng = np.random.default_rng(0)
    face = rng.integers(len(surface.faces), size=NUM_POINTS)
    weight = rng.dirichlet([1, 1, 1], size=NUM_POINTS)
    by_vertices = {tuple(sorted(f)): k for k, f in enumerate(surface.faces.tolist())}
    image_of = surface.mirror[surface.faces[face]]
    twin = np.array([by_vertices[tuple(sorted(f))] for f in image_of.tolist()])
    # The twin's corners, in the order of the corners that they mirror.
    order = np.array(
        [
            [corners.tolist().index(v) for v in wanted]
            for corners, wanted in zip(surface.faces[twin], image_of, strict=True)
        ]
    )
    twin_uv = np.take_along_axis(surface.face_uv[twin], order[..., None], axis=1)

    part = torch.from_numpy(surface.face_part[face].astype(np.int64))
    uv = torch.from_numpy(np.einsum("nk,nkc->nc", weight, surface.face_uv[face]))
    mirror = SymmetricChartMirror()
    assert mirror.part(part).tolist() == surface.face_part[twin].tolist()
    expected = np.einsum("nk,nkc->nc", weight, twin_uv)
    np.testing.assert_allclose(mirror.uv(part, uv).numpy(), expected, atol=1e-6)


def test_a_reflection_is_its_own_inverse():
    part, uv = random_points()
    mirror = SymmetricChartMirror()
    torch.testing.assert_close(mirror.uv(mirror.part(part), mirror.uv(part, uv)), uv)
    assert torch.equal(mirror.part(mirror.part(part)), part)


def test_directions_and_covariances_follow_the_derivative(mirror):
    part, uv = random_points(1, 0.02, 0.98)
    step = 1e-6 * torch.randn(NUM_POINTS, 2, dtype=torch.float64)
    # A step that stays within its cell of the table, where the map is smooth.
    cell = (uv * 255).floor()
    within = ((uv + step) * 255).floor() == cell
    within = within.all(dim=-1)
    moved = mirror.uv(part, uv + step) - mirror.uv(part, uv)
    torch.testing.assert_close(
        mirror.direction(part, uv, step)[within], moved[within], rtol=1e-4, atol=1e-12
    )
    outer = step[:, :, None] * step[:, None, :]
    turned = mirror.direction(part, uv, step)
    torch.testing.assert_close(
        mirror.covariance(part, uv, outer), turned[:, :, None] * turned[:, None, :]
    )


def turned_table():
    """The square reflected, turned by 0.3 rad and halved about its centre, on a grid."""
    axis = torch.linspace(0, 1, 256, dtype=torch.float64)
    v, u = torch.meshgrid(axis - 0.5, axis - 0.5, indexing="ij")
    cos, sin = math.cos(0.3) / 2, math.sin(0.3) / 2
    image = torch.stack([-cos * u - sin * v, -sin * u + cos * v], dim=-1) + 0.5
    return image.expand(24, 256, 256, 2)


@pytest.mark.parametrize("table", [None, turned_table()])
def test_a_shared_similarity_moves_the_mirrored_points_as_the_points(table):
    mirror = SymmetricChartMirror() if table is None else TabulatedChartMirror(table)
    generator = torch.Generator().manual_seed(0)
    together = torch.zeros(5, dtype=torch.int64)
    for part in range(1, 25):
        chart = torch.full((5,), part)
        uv = torch.rand(5, 2, dtype=torch.float64, generator=generator)
        root = torch.randn(4, 4, dtype=torch.float64, generator=generator)
        shared = root @ root.T
        jacobian = torch.block_diag(*mirror.jacobian(chart, uv))
        before = similarity_basis(uv, together, 1).reshape(10, 4)
        after = similarity_basis(mirror.uv(chart, uv), together, 1).reshape(10, 4)
        there = mirror.covariance(chart[:1], uv[:1], shared[None])[0]
        expected = jacobian @ before @ shared @ before.T @ jacobian.T
        torch.testing.assert_close(after @ there @ after.T, expected)


def test_a_torso_turns_the_other_way_and_a_limb_as_its_twin():
    correlated = torch.eye(4, dtype=torch.float64)
    correlated[2, 3] = correlated[3, 2] = 0.5
    part, centre = torch.tensor([1, 2, 15]), torch.full((3, 2), 0.5, dtype=torch.float64)
    there = SymmetricChartMirror().covariance(part, centre, correlated.expand(3, 4, 4))
    assert there[:, 2, 3].tolist() == [-0.5, -0.5, 0.5]
    own = there.diagonal(dim1=-2, dim2=-1)
    assert (own == 1).all()


def test_a_table_of_a_symmetric_surface_says_the_same():
    axis = torch.linspace(0, 1, 256, dtype=torch.float64)
    v, u = torch.meshgrid(axis, axis, indexing="ij")
    grid = torch.stack([u, v], dim=-1)
    table = torch.stack(
        [SymmetricChartMirror().uv(torch.full_like(u, p).long(), grid) for p in range(1, 25)]
    )
    part, uv = random_points(2)
    torch.testing.assert_close(
        TabulatedChartMirror(table).uv(part, uv), SymmetricChartMirror().uv(part, uv)
    )


def as_cells(grids):
    cells = np.empty((1, len(grids)), dtype=object)
    for k, grid in enumerate(grids):
        cells[0, k] = grid
    return cells


def test_a_table_is_read_from_densepose_s_file(tmp_path):
    table = bent_table().float().numpy()
    path = tmp_path / "UV_symmetry_transforms.mat"
    fields = {"U_transforms": as_cells(table[..., 0]), "V_transforms": as_cells(table[..., 1])}
    savemat(path, fields)
    part, uv = random_points(3)
    # Rows of the file are v, columns u.
    column, row = (uv * 255).round().long().unbind(-1)
    on_grid = torch.stack([column, row], dim=-1).double() / 255
    expected = torch.from_numpy(table)[part - 1, row, column]
    found = TabulatedChartMirror.load(path).uv(part, on_grid)
    torch.testing.assert_close(found.float(), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"U_transforms": as_cells([np.zeros((4, 4))] * 24)}, "V_transforms"),
        ({"U_transforms": as_cells([np.zeros((4, 4))] * 23)}, "U_transforms"),
        ({"U_transforms": as_cells([np.full((4, 4), 2.0)] * 24)}, "outside"),
        ({"U_transforms": as_cells([np.zeros((4, 4 + k % 2)) for k in range(24)])}, "shapes"),
    ],
)
def test_an_unusable_table_is_refused(tmp_path, fields, complaint):
    path = tmp_path / "table.mat"
    savemat(path, fields)
    with pytest.raises(ChartMirrorError, match=rf"table\.mat.*{complaint}"):
        TabulatedChartMirror.load(path)


def test_a_file_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "table.mat"
    path.write_bytes(b"no matrix at all" * 40)
    with pytest.raises(ChartMirrorError, match=r"table\.mat"):
        TabulatedChartMirror.load(path)

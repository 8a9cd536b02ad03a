"""The embedded surface as it is used: its quality, and how it is built and cached."""

import numpy as np
import pytest

from synthetic_people import build, charts
from synthetic_people.body import BodyModel
from synthetic_people.built_surface import ensure_embedded_surface
from tests.surface_factory import make_tiny_surface
from tests.synthetic_people import chart_shape
from tests.tool_loader import load_tool
from uncertain_densepose.surface import ChartLookup, Surface, SurfaceFileError
from uncertain_densepose.surface.paths import PACKAGED_CHARTS_PATH

RIGHT_AND_TORSO = (1, 2, 3, 6, 7, 9, 11, 13, 16, 18, 20, 22, 23)


def test_no_triangle_is_folded(embedded_surface):
    area = chart_shape.signed_area(embedded_surface.face_uv.astype(np.float64))
    right_handed = np.isin(embedded_surface.face_part, RIGHT_AND_TORSO)
    assert (area[right_handed] > 0).all()
    assert (area[~right_handed] < 0).all()


def test_no_chart_overlaps_itself(embedded_surface):
    """The area of a chart's triangles is the area that they cover together."""
    covered = ChartLookup(embedded_surface).inside.mean(axis=(1, 2))
    area = np.abs(chart_shape.signed_area(embedded_surface.face_uv.astype(np.float64)))
    for part in range(1, 25):
        total = area[embedded_surface.face_part == part].sum()
        assert covered[part] == pytest.approx(total, abs=0.004)


@pytest.mark.parametrize(
    ("parts", "low", "high"),
    [
        ((1, 2), 0.92, 1.09),
        ((7, 9, 11, 13, 18, 20, 22), 0.95, 1.08),
        ((16,), 0.93, 1.08),
        ((3,), 0.85, 1.2),
        ((6,), 0.75, 1.3),
        ((23,), 0.65, 1.4),
    ],
)
def test_charts_are_near_isometric(embedded_surface, parts, low, high):
    """5th and 95th percentile of the stretch, relative to the chart's own scale."""
    jacobian = embedded_surface.chart_jacobian()
    for part in parts:
        metres = np.linalg.svd(jacobian[embedded_surface.face_part == part], compute_uv=False)
        relative = np.median(metres) / metres
        fifth, ninety_fifth = np.percentile(relative, [5, 95])
        assert low < fifth and ninety_fifth < high


def test_longer_side_of_each_chart_fills_the_unit_square(embedded_surface):
    for part in range(1, 25):
        uv = embedded_surface.face_uv[embedded_surface.face_part == part].reshape(-1, 2)
        assert np.ptp(uv, axis=0).max() == pytest.approx(1 - 2 * charts.MARGIN, abs=1e-5)


@pytest.mark.parametrize("part", [1, 2, 7, 8, 9, 13, 14, 23, 24])
def test_v_rises_with_height_on_trunk_legs_and_head(embedded_surface, part):
    chosen = embedded_surface.face_part == part
    v = embedded_surface.face_uv[chosen][..., 1].mean(axis=1)
    z = embedded_surface.vertices[embedded_surface.faces[chosen]][..., 2].mean(axis=1)
    assert np.corrcoef(v, z)[0, 1] > 0.95


@pytest.mark.parametrize("part", [3, 4, 15, 16, 17, 18, 19, 20, 21, 22])
def test_v_rises_towards_the_trunk_on_arms_and_hands(embedded_surface, part):
    chosen = embedded_surface.face_part == part
    v = embedded_surface.face_uv[chosen][..., 1].mean(axis=1)
    x = embedded_surface.vertices[embedded_surface.faces[chosen]][..., 0].mean(axis=1)
    assert np.corrcoef(v, np.abs(x))[0, 1] < -0.3


def test_u_runs_to_the_viewers_right_on_the_torso(embedded_surface):
    for part, sign in ((2, 1), (1, -1)):
        chosen = embedded_surface.face_part == part
        u = embedded_surface.face_uv[chosen][..., 0].mean(axis=1)
        x = embedded_surface.vertices[embedded_surface.faces[chosen]][..., 0].mean(axis=1)
        assert sign * np.corrcoef(u, x)[0, 1] > 0.95


def test_points_of_the_skin_are_near_a_table_vertex(embedded_surface):
    """Counting points within one centimetre needs a table that is finer than that."""
    surface = embedded_surface
    corners = surface.vertices[surface.faces].astype(np.float64)
    area = np.linalg.norm(
        np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
    )
    rng = np.random.default_rng(0)
    face = rng.choice(len(area), 20_000, p=area / area.sum())
    share = rng.dirichlet([1, 1, 1], len(face))[:, :, None]
    point = (corners[face] * share).sum(axis=1)
    uv = (surface.face_uv[face] * share).sum(axis=1)
    vertex = ChartLookup(surface).vertex(surface.face_part[face], uv)
    table_vertex = surface.geodesic_vertices[surface.nearest_geodesic[vertex]]
    snap = np.linalg.norm(surface.vertices[table_vertex] - point, axis=1)
    assert np.median(snap) < 0.006
    assert np.percentile(snap, 99) < 0.015


def test_the_surface_is_the_current_body_in_the_current_charts(embedded_surface):
    """The file on disk is what the code builds: same body, and one chart made anew."""
    model = BodyModel.shared()
    model.require_surface(embedded_surface)
    for part in (2, 20):
        chosen = np.flatnonzero(model.face_part == part)
        anew = build._chart(model, part, chosen)
        np.testing.assert_allclose(embedded_surface.face_uv[chosen], anew, atol=1e-4)


def test_a_surface_that_is_there_is_not_built_again(tmp_path, monkeypatch):
    path = tmp_path / "board.npz"
    make_tiny_surface(cells=1).save(path)
    monkeypatch.setattr(build, "build_embedded_surface", lambda *_: pytest.fail("was built"))
    assert ensure_embedded_surface(path).name == "tiny-board"


def test_a_missing_surface_is_built_and_saved(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "build_embedded_surface", lambda *_: make_tiny_surface(cells=1))
    path = tmp_path / "folder" / "board.npz"
    ensure_embedded_surface(path)
    assert Surface.load(path).name == "tiny-board"


def test_a_broken_surface_is_reported_and_kept(tmp_path):
    path = tmp_path / "board.npz"
    path.write_bytes(b"PK broken")
    with pytest.raises(SurfaceFileError, match="board.npz"):
        ensure_embedded_surface(path)
    assert path.read_bytes() == b"PK broken"


@pytest.fixture
def tool_main():
    """The tool's `main`; the tools are scripts, not part of a package."""
    return load_tool("build_surface").main


def test_tool_says_that_a_surface_is_there(tmp_path, tool_main, capsys):
    path = tmp_path / "board.npz"
    make_tiny_surface(cells=1).save(path)
    figure = tmp_path / "figure.png"
    tool_main(["--out", str(path), "--figure", str(figure)])
    printed = capsys.readouterr().out
    assert "is there and valid" in printed and "tiny-board" in printed
    assert figure.stat().st_size > 10_000


def test_tool_refuses_a_broken_file(tmp_path, tool_main, capsys):
    path = tmp_path / "board.npz"
    path.write_text("no surface")
    with pytest.raises(SystemExit, match="1"):
        tool_main(["--out", str(path)])
    printed = capsys.readouterr().err
    assert "board.npz" in printed and "--force" in printed


def test_tool_rebuilds_a_broken_file_when_forced(tmp_path, tool_main, monkeypatch, capsys):
    monkeypatch.setattr(
        build, "build_embedded_surface", lambda *_, **__: make_tiny_surface(cells=1)
    )
    path = tmp_path / "board.npz"
    path.write_text("no surface")
    tool_main(["--out", str(path), "--force"])
    assert "built" in capsys.readouterr().out
    assert Surface.load(path).name == "tiny-board"


def test_tool_writes_the_charts_alone_of_a_surface_that_is_there(tmp_path, tool_main, capsys):
    whole, alone = tmp_path / "board.npz", tmp_path / "folder" / "charts.npz"
    make_tiny_surface(cells=1).save(whole)
    tool_main(["--out", str(whole), "--charts", str(alone)])
    assert f"charts: {alone}" in capsys.readouterr().out
    found = Surface.load(alone)
    assert not found.has_distances and np.array_equal(found.face_uv, Surface.load(whole).face_uv)
    with pytest.raises(SystemExit):
        tool_main(["--out", str(whole), "--charts", str(whole)])
    assert Surface.load(whole).has_distances


def test_tool_does_not_take_charts_alone_for_the_whole(tmp_path, tool_main, capsys):
    path = tmp_path / "board.npz"
    make_tiny_surface(cells=1).without_distances().save(path)
    with pytest.raises(SystemExit, match="1"):
        tool_main(["--out", str(path)])
    assert "board.npz: holds charts alone; --force" in capsys.readouterr().err


def test_the_charts_of_the_package_are_those_that_are_built(embedded_surface):
    packaged = Surface.load(PACKAGED_CHARTS_PATH)
    assert packaged.name == embedded_surface.name
    for field in ("faces", "face_part", "mirror"):
        assert np.array_equal(getattr(packaged, field), getattr(embedded_surface, field))
    # Another machine's solver may round otherwise.
    for field in ("vertices", "face_uv"):
        expected = getattr(embedded_surface, field)
        np.testing.assert_allclose(getattr(packaged, field), expected, atol=1e-4, err_msg=field)


@pytest.mark.slow
def test_two_builds_from_nothing_are_the_same(embedded_surface, tmp_path):
    anew = build.build_embedded_surface(workers=1)
    assert np.array_equal(anew.faces, embedded_surface.faces)
    np.testing.assert_allclose(anew.face_uv, embedded_surface.face_uv, atol=1e-4)
    assert np.array_equal(anew.geodesic_m, embedded_surface.geodesic_m)

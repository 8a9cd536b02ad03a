import matplotlib.image
import numpy as np
import pytest
from surface_factory import make_tiny_surface

from uncertain_densepose.visualization.body_figure import draw_face_values, draw_part_values


def saturated_share(path, values) -> float:
    """The share of the pixels below the titles and left of the bar that have a colour."""
    draw_part_values(make_tiny_surface(), np.array(values, dtype=float), "cm", path)
    pixels = matplotlib.image.imread(path)[80:, :520, :3]
    return float((np.ptp(pixels, axis=2) > 0.2).mean())


@pytest.mark.filterwarnings("error")
def test_parts_have_the_colour_of_their_value_and_grey_without(tmp_path):
    values = np.linspace(0, 5, 25)
    everything = saturated_share(tmp_path / "a.png", values)
    # Of the board's thirteen rows two are the torso.
    values[3:] = np.nan
    torso = saturated_share(tmp_path / "b.png", values)
    nothing = saturated_share(tmp_path / "c.png", np.full(25, np.nan))
    assert everything > 0.03
    assert 0.05 * everything < torso < 0.25 * everything
    assert nothing == 0


@pytest.mark.filterwarnings("error")
def test_no_error_anywhere_is_drawn_too(tmp_path):
    assert saturated_share(tmp_path / "zero.png", np.zeros(25)) > 0.03


@pytest.mark.filterwarnings("error")
def test_faces_have_colours_of_their_own_up_to_the_end_of_the_scale(tmp_path):
    surface = make_tiny_surface()
    values = np.where(np.arange(len(surface.faces)) % 2 == 0, 1.0, 9.0)
    draw_face_values(surface, values, "cm", tmp_path / "all.png")
    draw_face_values(surface, values, "cm", tmp_path / "cut.png", vmax=1.0)
    everything, cut = (
        matplotlib.image.imread(tmp_path / name)[..., :3] for name in ("all.png", "cut.png")
    )
    # At the end of the scale 1 and 9 look the same.
    left_body = np.s_[200:500, 100:420]
    assert len(np.unique(everything[left_body].reshape(-1, 3), axis=0)) > len(
        np.unique(cut[left_body].reshape(-1, 3), axis=0)
    )

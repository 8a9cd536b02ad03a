"""People drawn in one call."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.surface_factory import make_tiny_surface
from tests.uncertain_densepose.inference.people_factory import figure_person
from uncertain_densepose.inference import ChartMetric, ImageError, load_people, save_people
from uncertain_densepose.visualization import PictureNameError, draw

IMAGE = np.random.default_rng(0).integers(0, 255, (480, 640, 3), dtype=np.uint8)
PERSON = figure_person((80, 20, 360, 460), (480, 640))


def test_a_picture_is_drawn_from_whatever_a_predictor_takes(tmp_path):
    expected = draw(IMAGE, [PERSON])
    path = tmp_path / "image.png"
    cv2.imwrite(str(path), IMAGE)
    for image in (path, str(path), path.read_bytes(), Image.fromarray(IMAGE[..., ::-1])):
        np.testing.assert_array_equal(draw(image, [PERSON]), expected)


def test_people_cover_the_picture_and_layers_stand_side_by_side():
    one, two = draw(IMAGE, [PERSON], "part"), draw(IMAGE, [PERSON], "part,uv")
    assert one.dtype == np.uint8 and two.shape[1] > 2 * one.shape[1]
    nobody = draw(IMAGE, [], "part")
    assert nobody.shape == one.shape
    changed = (one != nobody).any(axis=2).mean()
    shown = (PERSON.part > 0).mean() * PERSON.part.size / IMAGE[..., 0].size
    assert changed == pytest.approx(shown, abs=0.1)


def test_people_of_a_file_look_like_predicted_ones(tmp_path):
    save_people(tmp_path / "people.npz", [PERSON], (480, 640))
    stored = load_people(tmp_path / "people.npz").with_metric(ChartMetric(make_tiny_surface()))
    for side in (640, 900):
        ours, theirs = (draw(IMAGE, people, "part", side=side) for people in ([PERSON], stored))
        # Borders of parts move by less than a pixel of the file.
        assert (np.abs(ours.astype(int) - theirs) > 8).any(axis=2).mean() < 0.02


def test_uncertainty_of_people_who_have_none_is_refused():
    certain = figure_person((80, 20, 360, 460), (480, 640), noise_model=False)
    with pytest.raises(PictureNameError, match="sigma: the people have no uncertainty"):
        draw(IMAGE, [certain], "part,sigma")


def test_another_picture_is_refused():
    with pytest.raises(ValueError, match="a picture of 640 x 480 pixels, not of 100 x 50"):
        draw(IMAGE[:50, :100], [PERSON])


def test_bytes_that_are_no_picture_are_refused():
    buffer = io.BytesIO()
    Image.fromarray(IMAGE).save(buffer, "JPEG")
    for data in (b"", b"GIF89a", buffer.getvalue()[:2000]):
        with pytest.raises(ImageError, match="^the given bytes: "):
            draw(data, [])

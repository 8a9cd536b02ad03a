"""Panoramas: what a camera sees of one is what lies in each pixel's direction; lamps are found."""

import math

import numpy as np
import pytest

from synthetic_people.camera import Camera
from synthetic_people.light import ARRIVING, arriving
from synthetic_people.panorama import Panorama

HEIGHT, WIDTH = 32, 64


def camera(position=(0.0, -4.0, 1.6), target=(0.0, 0.0, 0.7), focal_px=30.0, roll_rad=0.1):
    return Camera.looking_at(
        np.array(position), np.array(target), focal_px=focal_px, width=21, height=17,
        roll_rad=roll_rad,
    )  # fmt: skip


@pytest.fixture
def panorama():
    return Panorama(np.random.default_rng(0).random((HEIGHT, WIDTH, 3)).astype(np.float32))


def looked_up(panorama, direction, yaw_rad):
    """Slow twin of `Panorama.at`, in float64: one direction, four neighbours."""
    x, y, z = (float(v) for v in direction / np.linalg.norm(direction))
    azimuth = math.atan2(x, y) - yaw_rad
    column = (azimuth / (2 * math.pi) + 0.5) * WIDTH - 0.5
    row = min(max(math.acos(z) / math.pi * HEIGHT - 0.5, 0.0), HEIGHT - 1.0)
    total = np.zeros(3)
    for r in (math.floor(row), math.floor(row) + 1):
        for c in (math.floor(column), math.floor(column) + 1):
            weight = max(1 - abs(row - r), 0) * max(1 - abs(column - c), 0)
            total += weight * panorama.radiance[min(r, HEIGHT - 1), c % WIDTH].astype(np.float64)
    return total


@pytest.mark.parametrize("yaw_rad", [0.0, 2.5, -3.1])
def test_a_view_is_what_lies_in_each_pixels_direction(panorama, yaw_rad):
    of = camera()
    view = panorama.view(of, yaw_rad).reshape(-1, 3)
    for pixel, seen in zip(of.pixel_centres(), view, strict=True):
        x, y = (pixel - of.K[:2, 2]) / of.K[0, 0]
        direction = of.R.T @ np.array([x, y, 1.0])
        np.testing.assert_allclose(seen, looked_up(panorama, direction, yaw_rad), atol=2e-5)


def test_all_directions_are_looked_up_across_the_seam_and_at_the_poles(panorama):
    directions = np.random.default_rng(1).normal(size=(400, 3))
    directions[:3] = [0, 0, 1], [0, 0, -1], [0, -1, 0]
    expected = [looked_up(panorama, direction, 0.3) for direction in directions]
    np.testing.assert_allclose(panorama.at(directions, 0.3), expected, atol=1e-6)


def test_the_horizon_of_a_view_is_the_cameras():
    """White above the horizon, black below: the border is where the camera's horizon is."""
    half = np.zeros((256, 512, 3), np.float32)
    half[:128] = 1
    of = camera(roll_rad=0.0)
    view = Panorama(half).view(of)[:, 10, 0]
    far = of.project(of.centre + np.array([0.0, 1e6, 0.0]))
    assert abs((view > 0.5).sum() - far[1]) < 0.6


def spot(azimuth_deg, elevation_deg, colour=(900.0, 700.0, 400.0)):
    """A panorama of an even sky, dark ground and one bright pixel."""
    radiance = np.full((90, 180, 3), 0.2, np.float32)
    radiance[45:] = 0.05
    row = int((90 - elevation_deg) / 180 * 90)
    radiance[row, int((azimuth_deg / 360 + 0.5) * 180)] = colour
    return Panorama(radiance)


@pytest.mark.parametrize("azimuth_deg, elevation_deg", [(0, 45), (120, 20), (-179, 60), (90, 85)])
@pytest.mark.parametrize("yaw_deg", [0, 75])
def test_the_lamp_is_the_brightest_spot(azimuth_deg, elevation_deg, yaw_deg):
    light = spot(azimuth_deg, elevation_deg).light(np.radians(yaw_deg))
    azimuth, elevation = np.radians(azimuth_deg + yaw_deg), np.radians(elevation_deg)
    expected = [
        np.cos(elevation) * np.sin(azimuth), np.cos(elevation) * np.cos(azimuth), np.sin(elevation)
    ]  # fmt: skip
    assert np.degrees(np.arccos(light.direction @ expected)) < 2.5
    assert np.linalg.norm(light.direction) == pytest.approx(1)


def test_lamp_and_sky_have_the_panoramas_units():
    light = spot(30, 40).light()
    pixel = np.radians(2) ** 2 * np.sin(np.radians(90 - 40))
    np.testing.assert_allclose(
        light.lamp, np.array([899.8, 699.8, 399.8]) * pixel / np.pi, rtol=0.03
    )
    np.testing.assert_allclose(light.sky, 0.2, rtol=1e-3)
    assert light.softness_m == pytest.approx(0.02)


def test_a_lamp_seen_by_the_camera_lights_from_there():
    """The view and the light turn together."""
    panorama = spot(0, 10, (9.0, 9.0, 9.0))
    for yaw in (-0.4, 0.0, 0.3):
        of = camera(target=(0.0, 0.0, 1.6), focal_px=20.0, roll_rad=0.0)
        view = panorama.view(of, yaw)[..., 0]
        row, column = np.unravel_index(view.argmax(), view.shape)
        seen = of.project(of.centre + panorama.light(yaw).direction)
        assert np.abs(seen - [column + 0.5, row + 0.5]).max() < 1.5


def test_an_even_sky_has_no_lamp():
    light = Panorama(np.full((90, 180, 3), 0.4, np.float32)).light()
    np.testing.assert_allclose(light.lamp, 0, atol=1e-6)
    assert np.isfinite(light.direction).all()


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_surroundings_are_exposed_whatever_the_panoramas_scale(scale):
    panorama = Panorama(spot(20, 40).radiance * np.float32(scale))
    picture, light = panorama.surround(np.random.default_rng(0), camera())
    assert 0.7 * ARRIVING < arriving(light) < 1.4 * ARRIVING
    again, _ = spot(20, 40).surround(np.random.default_rng(0), camera())
    np.testing.assert_allclose(picture, again, rtol=1e-3, atol=1e-6)

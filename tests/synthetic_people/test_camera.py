"""Cameras project as they say, and rays are the way back."""

import numpy as np
import pytest

from synthetic_people.camera import Camera, sample_camera


@pytest.fixture
def camera():
    return Camera.looking_at(
        np.array([0.3, -4.0, 1.5]), np.array([0.0, 0.0, 1.0]),
        focal_px=300, width=320, height=256, target_px=(100, 140), roll_rad=0.05,
    )  # fmt: skip


def test_rays_lead_back_to_the_projected_points(camera):
    points = np.random.default_rng(0).uniform(-0.8, 0.8, size=(50, 3)) + [0, 0, 1]
    depth = camera.to_camera(points)[:, 2]
    back = camera.centre + camera.rays(camera.project(points)) * depth[:, None]
    np.testing.assert_allclose(back, points, atol=1e-5)


def test_the_target_appears_where_it_was_asked_for():
    camera = Camera.looking_at(
        np.array([0.0, -3.0, 1.0]), np.array([0.0, 0.0, 0.8]),
        focal_px=250, width=256, height=256, target_px=(90, 160),
    )  # fmt: skip
    np.testing.assert_allclose(camera.project(np.array([0.0, 0.0, 0.8])), [90, 160], atol=0.5)


def test_axes_follow_the_convention(camera):
    right = camera.project(np.array([0.5, 0, 1.0])) - camera.project(np.array([0, 0, 1.0]))
    up = camera.project(np.array([0, 0, 1.5])) - camera.project(np.array([0, 0, 1.0]))
    assert right[0] > 20 and up[1] < -20
    assert np.linalg.det(camera.R) == pytest.approx(1)


def test_random_cameras_see_the_person_from_various_places():
    rng = np.random.default_rng(0)
    cameras = [
        sample_camera(rng, stature_m=1.7, close_up_share=0.25, width=256, height=256)
        for _ in range(200)
    ]
    middle = np.array([0.0, 0.0, 1.0])
    pixels = np.array([camera.project(middle) for camera in cameras])
    assert ((pixels > 0) & (pixels < 256)).all(axis=1).mean() > 0.9
    heights = np.array([camera.centre[2] for camera in cameras])
    assert heights.min() > 0.25 and heights.std() > 0.2
    focal = np.array([camera.K[0, 0] for camera in cameras]) / 256
    assert focal.max() / focal.min() > 2

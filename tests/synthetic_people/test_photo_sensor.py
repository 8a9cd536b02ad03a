"""Each fault of a camera changes a picture in the way that it should."""

import dataclasses

import cv2
import numpy as np
import pytest

from synthetic_people.photo_sensor import PhotoSensor, sample_photo_sensor

PLAIN = PhotoSensor(
    stops=0.0, warmth=0.0, tint=0.0, vignette=0.0, lens_px=0.1, defocus_px=0.0, motion_px=0.0,
    motion_rad=0.0, shrink=1.0, shot_noise=0.0, read_noise=0.0, contrast=1.0, saturation=1.0,
    sharpening=0.0, jpeg_qualities=(95,),
)  # fmt: skip


@pytest.fixture(scope="module")
def linear():
    """Blocks of random colours, (120, 160, 3)."""
    blocks = np.random.default_rng(0).uniform(0.05, 0.5, size=(12, 16, 3)).astype(np.float32)
    return cv2.resize(blocks, (160, 120), interpolation=cv2.INTER_NEAREST)


def developed(linear, **changes):
    picture = dataclasses.replace(PLAIN, **changes).develop(linear, np.random.default_rng(1))
    return picture.astype(np.float64)


def sharpness(picture, axis):
    return np.abs(np.diff(picture, axis=axis)).max(axis=axis).mean()


def test_exposure_is_metered(linear):
    np.testing.assert_allclose(developed(linear), developed(50 * linear), atol=1)
    mean = developed(linear).mean()
    assert 95 < mean < 150
    assert developed(linear, stops=-1.5).mean() < 0.75 * mean
    assert developed(linear, stops=1.5).mean() > 1.25 * mean


def test_a_lamp_does_not_black_out_the_rest(linear):
    with_lamp = linear.copy()
    with_lamp[:10, :10] = 1e4
    assert developed(with_lamp)[40:].mean() > 0.85 * developed(linear)[40:].mean()


def test_warmth_and_tint_move_the_mean_hue(linear):
    red, green, blue = developed(linear).mean(axis=(0, 1))
    warm = developed(linear, warmth=0.4).mean(axis=(0, 1))
    assert warm[0] > red + 5 and warm[2] < blue - 5
    assert developed(linear, tint=0.1).mean(axis=(0, 1))[1] > green + 3


def test_the_vignette_darkens_corners_only(linear):
    ratio = developed(linear, vignette=0.5).mean(axis=2) / developed(linear).mean(axis=2)
    assert ratio[58:62, 78:82].min() > 0.97
    assert ratio[:4, :4].max() < 0.85


@pytest.mark.parametrize(
    "fault", [{"lens_px": 1.5}, {"defocus_px": 2.0}, {"shrink": 2.0}, {"motion_px": 5.0}]
)
def test_blur_takes_sharpness(linear, fault):
    assert sharpness(developed(linear, **fault), 1) < 0.85 * sharpness(developed(linear), 1)


def test_motion_blurs_along_its_direction(linear):
    across = developed(linear, motion_px=6.0, motion_rad=0.0)
    assert sharpness(across, 1) < 0.7 * sharpness(across, 0)


@pytest.mark.parametrize("fault", [{"defocus_px": 3.0}, {"motion_px": 7.0, "motion_rad": 0.7}])
def test_the_blur_given_to_annotators_is_that_of_a_point(fault):
    """And the point stays where it is."""
    sensor = dataclasses.replace(PLAIN, **fault)
    point = np.zeros((41, 41, 3), np.float32)
    point[20, 20] = 1
    seen = sensor._optics(point)[..., 0].astype(np.float64)
    y, x = np.mgrid[:41, :41] - 20
    np.testing.assert_allclose([(seen * x).sum(), (seen * y).sum()], 0, atol=1e-4)
    spread = np.sqrt((seen * (x**2 + y**2)).sum() / seen.sum() / 2)
    assert spread == pytest.approx(sensor.blur_px, rel=0.12)


def test_shot_noise_grows_with_brightness():
    flat = np.ones((100, 200, 3), np.float32)
    flat[:, 100:] = 0.1
    sensor = dataclasses.replace(PLAIN, shot_noise=0.05)
    noise = sensor._noise(flat, np.random.default_rng(0))
    assert noise[:, :100].std() == pytest.approx(0.05, rel=0.03)
    assert noise[:, 100:].std() == pytest.approx(0.05 * np.sqrt(0.1), rel=0.03)


def test_sharpening_steepens_edges_and_saturation_moves_away_from_grey(linear):
    assert sharpness(developed(linear, sharpening=1.0), 1) > 1.05 * sharpness(developed(linear), 1)
    grey = developed(linear, saturation=0.0)
    assert np.ptp(grey, axis=2).max() <= 1
    assert (
        np.ptp(developed(linear, saturation=1.5), axis=2).mean()
        > 1.2 * np.ptp(developed(linear), axis=2).mean()
    )


def test_low_quality_makes_smaller_files_and_a_second_encoding_counts(linear):
    def size(*qualities):
        sensor = dataclasses.replace(PLAIN, read_noise=0.02, jpeg_qualities=qualities)
        return len(sensor.shoot(linear, np.random.default_rng(0)))

    assert size(30) < size(60) < size(95)
    assert size(30, 95) < size(95)


def test_random_cameras_are_seeded_varied_and_keep_the_size(linear):
    rng = np.random.default_rng(3)
    sensors = [sample_photo_sensor(rng) for _ in range(300)]
    assert sensors[0] == sample_photo_sensor(np.random.default_rng(3))
    qualities = np.array([sensor.jpeg_qualities[0] for sensor in sensors])
    assert qualities.min() >= 30 and qualities.max() <= 95 and qualities.std() > 8
    assert 0.15 < np.mean([len(sensor.jpeg_qualities) == 2 for sensor in sensors]) < 0.35
    for sensor in sensors[:20]:
        file = sensor.shoot(linear, np.random.default_rng(0))
        assert file == sensor.shoot(linear, np.random.default_rng(0))
        assert cv2.imdecode(np.frombuffer(file, np.uint8), 1).shape == (120, 160, 3)

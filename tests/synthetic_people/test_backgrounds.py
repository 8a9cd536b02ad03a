"""Folders of photographs behind people: what counts as one, what is refused, how it is cut."""

import dataclasses

import cv2
import numpy as np
import pytest

from synthetic_people.backdrop import Backdrop, PhotographedGround
from synthetic_people.background_files import BackgroundError, find_backgrounds, read_background
from synthetic_people.backgrounds import PhotographedSurroundings
from synthetic_people.camera import Camera
from synthetic_people.light import ARRIVING, LUMINANCE, arriving
from synthetic_people.panorama import Panorama
from synthetic_people.photograph import Photograph
from synthetic_people.render import NOBODY, Renderer
from synthetic_people.scene import sample_scene
from synthetic_people.scene_kind import SceneKind


def camera(pitch_deg=0.0, focal_px=90.0):
    eye = np.array([0.0, -5.0, 1.5])
    ahead = np.array([0.0, 1.0, -np.tan(np.radians(pitch_deg))])
    return Camera.looking_at(eye, eye + ahead, focal_px=focal_px, width=96, height=80)


def write_hdr(path, linear):
    assert cv2.imwrite(str(path), linear[:, :, ::-1].astype(np.float32))


@pytest.fixture
def folder(tmp_path):
    """A photograph, two panoramas, and files that are no pictures."""
    rng = np.random.default_rng(0)
    photo = cv2.resize(rng.integers(0, 255, (6, 9, 3), np.uint8), (180, 120))
    cv2.imwrite(str(tmp_path / "street.jpg"), photo)
    (tmp_path / "inside").mkdir()
    cv2.imwrite(str(tmp_path / "inside/Hall_PANO.png"), np.full((60, 120, 3), 90, np.uint8))
    write_hdr(tmp_path / "inside/sky.hdr", 7 * rng.random((32, 64, 3)))
    (tmp_path / "ATTRIBUTION.csv").write_text("file,licence\n")
    return tmp_path


def test_pictures_are_found_in_subfolders_and_other_files_are_not(folder):
    assert list(find_backgrounds(folder)) == [
        "inside/Hall_PANO.png",
        "inside/sky.hdr",
        "street.jpg",
    ]


def test_kinds_are_told_by_name_and_shape(folder):
    assert isinstance(read_background(folder / "street.jpg"), Photograph)
    assert isinstance(read_background(folder / "inside/Hall_PANO.png"), Panorama)
    assert isinstance(read_background(folder / "inside/sky.hdr"), Panorama)
    (folder / "street.jpg").rename(folder / "pano.jpg")
    assert isinstance(read_background(folder / "pano.jpg"), Photograph), "not twice as wide"


def test_a_radiance_file_keeps_its_units(tmp_path):
    linear = np.random.default_rng(0).random((16, 32, 3)) * 40
    write_hdr(tmp_path / "a.hdr", linear)
    read = read_background(tmp_path / "a.hdr").radiance
    np.testing.assert_allclose(read, linear, atol=0.3)


def test_large_pictures_are_made_smaller(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((1000, 3200, 3), np.uint8))
    assert read_background(tmp_path / "a.png").pixels.shape == (500, 1600, 3)


@pytest.mark.parametrize("name", ["a.jpg", "a.hdr", "a.exr", "a.png"])
def test_damaged_pictures_are_named_in_one_line(folder, name):
    (folder / name).write_bytes(b"#?RADIANCE\nnot a picture")
    with pytest.raises(BackgroundError, match=name) as error:
        find_backgrounds(folder)
    assert "\n" not in str(error.value)


def test_truncated_pictures_are_refused(folder):
    path = folder / "street.jpg"
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(BackgroundError, match="street.jpg: damaged or truncated"):
        find_backgrounds(folder)


def test_a_panorama_of_another_shape_is_refused(tmp_path):
    write_hdr(tmp_path / "a.hdr", np.ones((16, 40, 3)))
    with pytest.raises(BackgroundError, match="twice as wide as high, not 40 x 16"):
        find_backgrounds(tmp_path)


def test_folders_without_pictures_are_refused(tmp_path):
    with pytest.raises(BackgroundError, match="no such folder"):
        find_backgrounds(tmp_path / "nowhere")
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(BackgroundError, match="no picture ends with .exr"):
        find_backgrounds(tmp_path)


@pytest.fixture
def photograph():
    """Sky above, grass below; the horizon is at 60 % of its height."""
    pixels = np.zeros((300, 500, 3), np.uint8)
    pixels[:180], pixels[180:] = (120, 160, 220), (60, 110, 30)
    return Photograph(pixels)


def test_a_part_of_a_photograph_fills_the_picture_whatever_its_size():
    for shape in ((300, 500), (70, 700), (40, 30)):
        photo = Photograph(np.full((*shape, 3), 200, np.uint8))
        for seed in range(5):
            part = photo.part(np.random.default_rng(seed), camera())
            assert part.shape == (80, 96, 3) and part.dtype == np.float32
            np.testing.assert_allclose(part, (200 / 255) ** 2.2, rtol=1e-3)


def test_the_horizon_of_photographs_is_mostly_the_cameras(photograph):
    for pitch, low, high in ((0, 25, 55), (15, 0, 30)):
        of = camera(pitch)
        rows = [
            (photograph.part(np.random.default_rng(s), of)[:, 40, 2] > 0.2).sum() for s in range(40)
        ]
        assert low <= np.median(rows) <= high, pitch


def test_light_follows_a_photographs_colour_and_is_as_bright_as_others(photograph):
    red = Photograph(np.full((200, 200, 3), (220, 120, 80), np.uint8))
    for photo in (red, photograph, Photograph(red.pixels // 6)):
        picture, light = photo.surround(np.random.default_rng(0), camera())
        assert arriving(light) == pytest.approx(ARRIVING, rel=0.2)
        assert (picture @ LUMINANCE).mean() == pytest.approx(0.3 * ARRIVING, rel=1e-3)
    _, light = red.surround(np.random.default_rng(0), camera())
    assert light.lamp[0] > 1.2 * light.lamp[2]


def test_surroundings_are_seeded_and_use_all_pictures(folder):
    names = list(find_backgrounds(folder))
    surround = PhotographedSurroundings(folder, names)
    of = camera(focal_px=50.0)
    drawn = [surround(np.random.default_rng(seed), of, 5.0)[0].picture for seed in range(30)]
    again = PhotographedSurroundings(folder, names)
    for seed in (0, 7):
        picture = again(np.random.default_rng(seed), of, 5.0)[0].picture
        np.testing.assert_array_equal(picture, drawn[seed])
    assert len({round(float(picture.std()), 1) for picture in drawn}) >= 3


def test_long_lenses_leave_coarse_panoramas_to_photographs(folder):
    surround = PhotographedSurroundings(folder, ["inside/sky.hdr", "street.jpg"])
    tele = camera(focal_px=600.0)
    photo = read_background(folder / "street.jpg")
    for seed in range(6):
        rng = np.random.default_rng(seed)
        picture = surround(np.random.default_rng(seed), tele, 5.0)[0].picture
        rng.permutation(["inside/sky.hdr", "street.jpg"])
        np.testing.assert_array_equal(picture, photo.surround(rng, tele)[0])


def test_peoples_shadows_darken_the_photograph_and_nothing_else_does(person_maker):
    scene = sample_scene(
        np.random.default_rng(7), person_maker, SceneKind(with_things=False), width=128, height=160
    )
    picture = np.full((160, 128, 3), 0.5, np.float32)
    backdrop = Backdrop(picture, PhotographedGround(), 60.0)
    renderer = Renderer(dataclasses.replace(scene, backdrop=backdrop), person_maker.mesh)
    image, nobody = renderer.colour(), renderer.correspondences().person == NOBODY
    # Pixels at the edges of people are averages.
    far = cv2.erode(nobody.astype(np.uint8), np.ones((5, 5))).astype(bool)
    assert image[far].max() <= 0.5 + 1e-6
    darker = (image[..., 0] < 0.35) & far
    assert 30 < darker.sum() < 0.3 * far.sum()
    sky = scene.camera.rays(scene.camera.pixel_centres())[:, 2].reshape(160, 128) > 0
    np.testing.assert_allclose(image[sky & far], 0.5)

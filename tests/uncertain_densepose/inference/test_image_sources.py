"""Where images come from: natural order, names, and messages at the border."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.uncertain_densepose.inference.picture_files import write_image, write_video
from uncertain_densepose.inference.image_input import ImageError
from uncertain_densepose.inference.image_sources import (
    ImageFile,
    SourceError,
    VideoFile,
    find_sources,
    natural_key,
)


def names(*arguments, **options) -> list[str]:
    return [source.name for source in find_sources(arguments, **options)]


def test_numbers_are_sorted_by_value_folder_by_folder():
    paths = ["a10/x2.png", "a2/x10.png", "a2/x9.png", "A3/b.png", "a2.png", "7", "x"]
    expected = ["7", "a2/x9.png", "a2/x10.png", "a2.png", "A3/b.png", "a10/x2.png", "x"]
    assert sorted(paths, key=natural_key) == expected


def test_names_that_differ_in_case_alone_have_an_order():
    assert sorted(["b", "a", "B"], key=natural_key) == ["a", "B", "b"]


def test_files_come_in_natural_order_however_they_are_given(tmp_path):
    paths = [write_image(tmp_path / f"img{number}.png") for number in (10, 2, 1)]
    assert names(*paths) == ["img1", "img2", "img10"]


def test_a_pattern_that_the_shell_left_alone_is_expanded(tmp_path):
    for number in (10, 2):
        write_image(tmp_path / f"img{number}.png")
    write_image(tmp_path / "deep" / "below" / "other.png")
    assert names(f"{tmp_path}/img*.png") == ["img2", "img10"]
    assert names(f"{tmp_path}/**/o*.png") == ["other"]


def test_a_file_whose_name_looks_like_a_pattern_is_itself(tmp_path):
    write_image(tmp_path / "a[1].png")
    assert names(tmp_path / "a[1].png") == ["a[1]"]


def test_a_folder_stands_for_the_images_below_it_and_keeps_its_structure(tmp_path):
    for name in ("b10.JPG", "b2.jpg", "sub/b1.png", ".hidden.png", ".cache/x.png"):
        write_image(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no image")
    assert names(tmp_path) == ["b2", "b10", "sub/b1"]


def test_results_in_a_folder_are_not_taken_for_images(tmp_path):
    write_image(tmp_path / "a.jpg")
    write_image(tmp_path / "out" / "a.png")
    assert names(tmp_path) == ["a", "out/a"]
    assert names(tmp_path, out=tmp_path / "out") == ["a"]


def test_a_file_named_twice_counts_once(tmp_path, monkeypatch):
    write_image(tmp_path / "a.png")
    monkeypatch.chdir(tmp_path)
    assert names("a.png", tmp_path / "a.png", "*.png", tmp_path) == ["a"]


def test_images_are_read_when_they_are_asked_for(tmp_path):
    path = write_image(tmp_path / "a.png", 70)
    (source,) = find_sources([path])
    (image,) = source
    assert (image.name, image.path, image.frame, str(image)) == ("a", path, None, str(path))
    write_image(path, 90)
    assert (image.read() == 90).all()


@pytest.mark.parametrize("every, frames", [(1, [0, 1, 2, 3, 4]), (2, [0, 2, 4]), (9, [0])])
def test_a_video_gives_every_nth_frame(tmp_path, every, frames):
    path = write_video(tmp_path / "clip.avi", 5)
    (video,) = find_sources([path], every=every)
    assert isinstance(video, VideoFile) and video.expected_images == len(frames)
    assert video.frames_per_second == pytest.approx(10 / every)
    found = [(image.frame, image.name, image.read()) for image in video]
    assert [frame for frame, _, _ in found] == frames
    assert found[-1][1] == f"clip/{frames[-1]:06d}"
    for frame, _, pixels in found:
        assert pixels.shape == (24, 32, 3)
        assert abs(pixels.mean() - 20 * frame) < 4
    assert str(next(iter(video))) == f"{path} frame 0"


def test_videos_in_folders_are_left_out(tmp_path):
    write_video(tmp_path / "clip.avi", 2)
    write_image(tmp_path / "a.png")
    assert names(tmp_path) == ["a"]
    assert names(tmp_path, tmp_path / "clip.avi") == ["a", "clip"]


def test_a_file_that_is_no_video_is_an_image_error(tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_text("no video")
    (video,) = find_sources([path])
    assert video.expected_images == 0
    with pytest.raises(ImageError, match="clip.mp4: not a video"):
        list(video)


def test_a_truncated_video_gives_its_frames_and_then_an_error(tmp_path):
    path = write_video(tmp_path / "clip.avi", 40)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    frames = []
    with pytest.raises(ImageError, match=r"truncated, ends after \d+ of 40 frames"):
        for image in VideoFile(path, "clip"):
            frames.append(image.read())
    assert 5 < len(frames) < 35


@pytest.mark.parametrize(
    "argument, message",
    [
        ("none.png", "none.png: no such image, folder or video"),
        ("*.none", r"\*.none: matches no file"),
        (".", "no image in this folder or below it"),
    ],
)
def test_what_is_not_there_is_named(tmp_path, monkeypatch, argument, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError, match=message):
        find_sources([argument])


@pytest.mark.parametrize(
    "files, arguments, remedy",
    [
        (("a/x.png", "b/x.png"), ("a/x.png", "b/x.png"), "give a folder above both"),
        (("a/x.png", "a/x.jpg"), ("a",), "rename one of them"),
        (("a/x.png", "b/x.png"), ("a", "b"), "give a folder above both"),
    ],
    ids=["two folders", "two endings", "two folders' images"],
)
def test_two_images_of_one_name_are_refused(tmp_path, monkeypatch, files, arguments, remedy):
    monkeypatch.chdir(tmp_path)
    for file in files:
        write_image(Path(file))
    with pytest.raises(SourceError, match="would both have results named 'x'") as error:
        find_sources(arguments)
    assert all(said in str(error.value) for said in (*files, remedy))


def test_the_folder_above_tells_them_apart(tmp_path):
    for file in ("a/x.png", "b/x.png"):
        write_image(tmp_path / file)
    assert names(tmp_path) == ["a/x", "b/x"]


def test_a_photo_and_a_video_of_one_name_are_apart(tmp_path):
    image = write_image(tmp_path / "clip.png")
    video = write_video(tmp_path / "clip.avi", 1)
    assert {type(source) for source in find_sources([image, video])} == {ImageFile, VideoFile}


def test_an_image_in_a_folder_named_as_a_video_is_refused(tmp_path):
    write_image(tmp_path / "clip" / "deep" / "000000.png")
    video = write_video(tmp_path / "clip.avi", 1)
    with pytest.raises(SourceError, match="would be among the frames of .*clip.avi"):
        find_sources([tmp_path, video])


@pytest.mark.parametrize("argument, out", [("a/x.png", "a"), ("a", "a"), (".", ".")])
def test_results_beside_their_images_are_refused(tmp_path, monkeypatch, argument, out):
    write_image(tmp_path / "a" / "x.png")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError, match="would be written beside it"):
        find_sources([argument], out=Path(out))


def test_results_in_another_folder_below_the_images_are_fine(tmp_path):
    write_image(tmp_path / "a" / "x.png")
    assert names(tmp_path / "a" / "x.png", out=tmp_path) == ["x"]
    assert names(tmp_path, out=tmp_path / "a" / "out") == ["a/x"]


@pytest.mark.parametrize("name", ["...mp4", "..mp4", "...png", "..png"])
def test_a_file_named_by_dots_alone_would_write_beside_the_output_folder(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"")
    with pytest.raises(SourceError, match=rf"{name}: its results would be named '\.+'; rename"):
        find_sources([path], out=tmp_path / "out")


def test_dots_within_a_name_are_a_name(tmp_path):
    for name in ("....png", ".png", "a..png"):
        write_image(tmp_path / name)
        assert (
            find_sources([tmp_path / name])[0].name == name.removesuffix(".png") or name == ".png"
        )

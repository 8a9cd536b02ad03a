"""A run over images: batches, bad images and images that are done."""

from __future__ import annotations

import weakref

import cv2
import numpy as np
import pytest

from tests.uncertain_densepose.inference.people_factory import linear_person
from tests.uncertain_densepose.inference.picture_files import write_image, write_video
from uncertain_densepose.cli.image_run import ImageResults, run_on_images
from uncertain_densepose.cli.run_folder import RunFolder
from uncertain_densepose.inference import ImageError
from uncertain_densepose.inference.image_sources import SourceImage, find_sources


class Recorder:
    """Finds a person in each image but narrow ones, and remembers what it was asked."""

    def __init__(self):
        self.batches, self.written = [], []

    def __call__(self, images):
        self.batches.append([int(image[0, 0, 0]) for image in images])
        if any(image.shape[1] == 1 for image in images):
            raise ImageError("too narrow")
        return [[linear_person((0, 0, 4, 4), image.shape[:2])] for image in images]

    def write(self, image, pixels, people):
        assert people[0].image_size == pixels.shape[:2]
        self.written.append(image.name)
        return ImageResults([], [{"brightness": int(pixels[0, 0, 0])}])


@pytest.fixture
def run(tmp_path):
    def call(recorder, *arguments, **options):
        folder = RunFolder(tmp_path / "out", {})
        sources = find_sources(arguments)
        report = run_on_images(recorder, sources, folder, recorder.write, **options)
        return report, folder

    return call


@pytest.mark.parametrize(
    "batch_size, batches", [(1, [[10], [20], [30]]), (2, [[10, 20], [30]]), (5, [[10, 20, 30]])]
)
def test_images_come_in_batches(run, tmp_path, batch_size, batches):
    for number in (1, 2, 3):
        write_image(tmp_path / f"{number}.png", 10 * number)
    recorder = Recorder()
    report, folder = run(recorder, tmp_path, batch_size=batch_size)
    assert recorder.batches == batches
    assert (report.done, report.skipped, report.people, report.failures) == (3, 0, 3, [])
    assert [record["brightness"] for record in folder.records()] == [10, 20, 30]


@pytest.mark.parametrize("batch_size", [1, 2])
def test_no_more_pictures_than_a_batch_are_in_memory(tmp_path, batch_size):
    """While the first of a batch is read, nothing of the one before is left."""
    pictures = []

    def read():
        pictures.append(np.zeros((4, 4, 3), np.uint8))
        known.append(weakref.ref(pictures[-1]))
        in_memory.append(sum(one() is not None for one in known))
        return pictures.pop()

    known, in_memory = [], []
    sources = [[SourceImage(str(k), tmp_path / f"{k}.png", None, read)] for k in range(6)]
    for source in sources:
        source[0].path.write_bytes(b"")
    folder = RunFolder(tmp_path / "out", {})
    recorder = Recorder()
    run_on_images(recorder, list(map(Counted, sources)), folder, recorder.write, batch_size)
    assert in_memory == [1 + k % batch_size for k in range(6)]


class Counted(list):
    expected_images = 1


def test_what_is_done_is_not_asked_again(run, tmp_path):
    for number in (1, 2):
        write_image(tmp_path / f"{number}.png", 10 * number)
    run(Recorder(), tmp_path)
    write_image(tmp_path / "3.png", 30)
    recorder = Recorder()
    report, folder = run(recorder, tmp_path, batch_size=2)
    assert recorder.batches == [[30]]
    assert (report.done, report.skipped) == (1, 2)
    assert len(list(folder.records())) == 3


def test_bad_images_are_reported_and_stop_nothing(run, tmp_path):
    write_image(tmp_path / "1.png", 10)
    (tmp_path / "2.jpg").write_text("text")
    (tmp_path / "3.png").touch()
    whole = write_image(tmp_path / "4.jpg").read_bytes()
    (tmp_path / "4.jpg").write_bytes(whole[: len(whole) // 2])
    write_image(tmp_path / "5.png", 50)
    recorder = Recorder()
    report, _ = run(recorder, tmp_path, batch_size=2)
    assert recorder.batches == [[10, 50]]
    assert [failure.split(": ")[0] for failure in report.failures] == [
        str(tmp_path / name) for name in ("2.jpg", "3.png", "4.jpg")
    ]
    again, _ = run(Recorder(), tmp_path)
    assert (again.done, again.skipped, len(again.failures)) == (0, 2, 3)


def test_an_image_that_the_model_refuses_does_not_take_its_batch_with_it(run, tmp_path):
    write_image(tmp_path / "1.png", 10)
    cv2.imwrite(str(tmp_path / "2.png"), np.full((9, 1, 3), 20, np.uint8))
    write_image(tmp_path / "3.png", 30)
    recorder = Recorder()
    report, _ = run(recorder, tmp_path, batch_size=3)
    assert recorder.written == ["1", "3"]
    assert report.failures == [f"{tmp_path / '2.png'}: too narrow"]


def test_frames_of_a_video_are_images_and_one_that_ends_early_is_reported(run, tmp_path):
    clip = write_video(tmp_path / "clip.avi", 3)
    (tmp_path / "broken.mp4").write_text("no video")
    report, folder = run(Recorder(), clip, tmp_path / "broken.mp4", batch_size=2)
    assert folder.names == ["clip/000000", "clip/000001", "clip/000002"]
    assert [abs(r["brightness"] - 20 * k) < 4 for k, r in enumerate(folder.records())] == [True] * 3
    assert report.failures == [
        f"{tmp_path / 'broken.mp4'}: not a video that FFmpeg can read: Invalid data found when "
        "processing input"
    ]


def test_an_image_of_another_file_of_the_same_name_is_a_failure(run, tmp_path):
    run(Recorder(), write_image(tmp_path / "a" / "x.png", 10))
    recorder = Recorder()
    report, _ = run(recorder, write_image(tmp_path / "b" / "x.jpg", 20))
    assert recorder.batches == [] and "already has results 'x'" in report.failures[0]


def test_a_run_that_is_interrupted_keeps_what_it_has(run, tmp_path):
    for number in (1, 2, 3):
        write_image(tmp_path / f"{number}.png", 10 * number)

    class Interrupted(Recorder):
        def write(self, image, pixels, people):
            if image.name == "2":
                raise KeyboardInterrupt
            return super().write(image, pixels, people)

    with pytest.raises(KeyboardInterrupt):
        run(Interrupted(), tmp_path)
    recorder = Recorder()
    report, _ = run(recorder, tmp_path)
    assert recorder.written == ["2", "3"] and report.skipped == 1

"""Pictures as a video."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from uncertain_densepose.visualization.video import VideoError, write_video


def write_pictures(folder, sizes) -> list:
    paths = [folder / f"{number}.png" for number in range(len(sizes))]
    for number, (path, size) in enumerate(zip(paths, sizes, strict=True)):
        cv2.imwrite(str(path), np.full((*size, 3), 40 * number, dtype=np.uint8))
    return paths


def test_frames_are_the_pictures_in_order(tmp_path):
    # Odd sides lose a line; the third picture has another size.
    paths = write_pictures(tmp_path, [(49, 65), (49, 65), (80, 100), (49, 65)])
    write_video(tmp_path / "clip.mp4", paths, 5.0)
    capture = cv2.VideoCapture(str(tmp_path / "clip.mp4"))
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(5)
    frames = []
    while (read := capture.read())[0]:
        frames.append(read[1])
    assert [frame.shape for frame in frames] == [(48, 64, 3)] * 4
    np.testing.assert_allclose([frame.mean() for frame in frames], [0, 40, 80, 120], atol=4)


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(VideoError, match="none/clip.mp4: OpenCV cannot write"):
        write_video(tmp_path / "none" / "clip.mp4", write_pictures(tmp_path, [(48, 64)]), 5.0)


@pytest.mark.parametrize("damaged", [0, 1])
def test_a_picture_that_cannot_be_read_is_named(tmp_path, damaged):
    paths = write_pictures(tmp_path, [(48, 64), (48, 64)])
    paths[damaged].write_bytes(b"no picture")
    with pytest.raises(VideoError, match=f"{damaged}.png: not a picture"):
        write_video(tmp_path / "clip.mp4", paths, 5.0)

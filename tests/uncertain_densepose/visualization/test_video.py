"""Pictures as a video."""

from __future__ import annotations

import av
import cv2
import numpy as np
import pytest
from av.video.reformatter import ColorRange, Colorspace

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
    with pytest.raises(VideoError, match="none/clip.mp4: PyAV cannot write an H.264"):
        write_video(tmp_path / "none" / "clip.mp4", write_pictures(tmp_path, [(48, 64)]), 5.0)


@pytest.mark.parametrize("damaged", [0, 1])
def test_a_picture_that_cannot_be_read_is_named(tmp_path, damaged):
    paths = write_pictures(tmp_path, [(48, 64), (48, 64)])
    paths[damaged].write_bytes(b"no picture")
    with pytest.raises(VideoError, match=f"{damaged}.png: not a picture"):
        write_video(tmp_path / "clip.mp4", paths, 5.0)


def test_browsers_can_play_it(tmp_path):
    """H.264 in 4:2:0 with the index in front, and colours that say what they are."""
    colours = [(200, 40, 30), (30, 180, 60)]
    paths = [tmp_path / f"{number}.png" for number in range(2)]
    for path, colour in zip(paths, colours, strict=True):
        cv2.imwrite(str(path), np.full((48, 64, 3), colour, np.uint8))
    write_video(tmp_path / "clip.mp4", paths, 5.0)
    content = (tmp_path / "clip.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    with av.open(str(tmp_path / "clip.mp4")) as file:
        stream = file.streams.video[0]
        assert stream.codec_context.name == "h264" and stream.pix_fmt == "yuv420p"
        for frame, colour in zip(file.decode(stream), colours, strict=True):
            assert frame.colorspace == Colorspace.ITU709 and frame.color_range == ColorRange.MPEG
            mean = frame.to_ndarray(format="bgr24").mean(axis=(0, 1))
            np.testing.assert_allclose(mean, colour, atol=4)


def test_frames_are_shown_at_their_times(tmp_path):
    times_s = [3.0, 3.04, 3.5, 3.53, 5.0]
    write_video(tmp_path / "clip.mp4", write_pictures(tmp_path, [(48, 64)] * 5), 10.0, times_s)
    with av.open(str(tmp_path / "clip.mp4")) as file:
        shown = [frame.time for frame in file.decode(video=0)]
        np.testing.assert_allclose(shown, np.array(times_s) - 3, atol=1e-4)
        assert file.duration / av.time_base == pytest.approx(2.1, abs=0.01)


def test_times_that_coincide_keep_their_order(tmp_path):
    write_video(tmp_path / "clip.mp4", write_pictures(tmp_path, [(48, 64)] * 3), 10.0, [0, 0, 1])
    with av.open(str(tmp_path / "clip.mp4")) as file:
        frames = list(file.decode(video=0))
    assert len(frames) == 3 and 0 == frames[0].pts < frames[1].pts < frames[2].pts

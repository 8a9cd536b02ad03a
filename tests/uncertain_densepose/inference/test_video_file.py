"""Videos: times of the container, numbers of frames, rotation, damage."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.uncertain_densepose.inference.picture_files import write_uneven_video
from uncertain_densepose.inference import ImageError, VideoFile

TIMES_S = np.cumsum([0, *[0.04, 0.5, 0.03, 1.2] * 6])[:24].round(3)
KINDS = {"webm": "libvpx", "mkv": "libx264", "mp4": "libx264"}


def brightness(pixels: np.ndarray) -> float:
    return float(pixels[:, 20:].mean())


@pytest.mark.parametrize("suffix", KINDS)
@pytest.mark.parametrize("every", [1, 5])
def test_frames_have_the_times_of_the_container(tmp_path, suffix, every):
    path = write_uneven_video(tmp_path / f"x.{suffix}", KINDS[suffix], TIMES_S)
    images = list(VideoFile(path, "x", every))
    assert [image.frame for image in images] == list(range(0, 24, every))
    assert images[-1].name == f"x/{images[-1].frame:06d}"
    np.testing.assert_allclose([image.time_s for image in images], TIMES_S[::every], atol=1e-3)
    for image in images:
        pixels = image.read()
        assert pixels.shape == (64, 96, 3) and abs(brightness(pixels) - 10 * image.frame) < 4


def test_a_webm_of_few_frames_at_a_thousand_a_second_is_read_to_its_end(tmp_path):
    # 24 frames over 0.85 s, in a container whose header speaks of 1000 frames a second.
    path = write_uneven_video(tmp_path / "x.webm", "libvpx", np.arange(24) * 0.037, rate=1000)
    images = list(VideoFile(path, "x"))
    assert len(images) == 24 and images[-1].time_s == pytest.approx(0.851)


def test_times_start_at_the_first_frame(tmp_path):
    path = write_uneven_video(tmp_path / "x.mkv", "libx264", 7 + TIMES_S)
    np.testing.assert_allclose([image.time_s for image in VideoFile(path, "x")], TIMES_S, atol=1e-3)


def turn(path: Path, degrees: int) -> None:
    """Give an upright MP4 the display matrix of a camera held otherwise."""
    a, b = {90: (0, 1), 180: (-1, 0), 270: (0, -1)}[degrees]
    one = 1 << 16

    def matrix(a, b):
        return struct.pack(">9i", a * one, b * one, 0, -b * one, a * one, 0, 0, 0, 1 << 30)

    content = path.read_bytes()
    place = content.index(matrix(1, 0), content.index(b"tkhd"))
    path.write_bytes(content[:place] + matrix(a, b) + content[place + 36 :])


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_video_is_turned_as_its_container_says(tmp_path, degrees):
    path = write_uneven_video(tmp_path / "x.mp4", "libx264", [0, 0.1, 0.2])
    upright = [image.read() for image in VideoFile(path, "x")]
    turn(path, degrees)
    for image, before in zip(VideoFile(path, "x"), upright, strict=True):
        # The matrix turns clockwise.
        np.testing.assert_array_equal(image.read(), np.rot90(before, -degrees // 90))


def spoil(path: Path, number: int) -> tuple[int, int]:
    """Overwrite the packet of a frame with noise; returns its position in the file, and the number
    of the next key frame."""
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        packets = [packet for packet in file.demux(stream) if packet.size]
        shown = sorted(packets, key=lambda packet: packet.pts)
        position, size = shown[number].pos, shown[number].size
        key = next(k for k in range(number + 1, 24) if shown[k].is_keyframe)
    content = bytearray(path.read_bytes())
    noise = np.random.default_rng(0).integers(0, 256, size - 8, dtype=np.uint8)
    content[position + 8 : position + size] = noise.tobytes()
    path.write_bytes(content)
    return position, key


@pytest.mark.parametrize("suffix", KINDS)
def test_a_bad_frame_in_the_middle_is_left_out_and_counted(tmp_path, suffix):
    path = write_uneven_video(tmp_path / f"x.{suffix}", KINDS[suffix], TIMES_S)
    _, key = spoil(path, 10)
    images = []
    with pytest.raises(ImageError) as caught:
        for image in VideoFile(path, "x"):
            images.append((image.frame, image.time_s, brightness(image.read())))
    frames, times_s, shades = zip(*images, strict=True)
    # A decoder may drop the neighbours too, up to the next key frame.
    lost = sorted(set(range(24)) - set(frames))
    assert 10 in lost and 7 < lost[0] and lost[-1] < key
    named = ", ".join(map(str, lost))
    assert str(caught.value) == (
        f"{path}: {len(lost)} of 24 frames cannot be decoded and are left out ({named})"
    )
    np.testing.assert_allclose(times_s, TIMES_S[list(frames)], atol=1e-3)
    # Up to the next key frame, those that refer to the bad one may look wrong.
    sound = (np.array(frames) < lost[0]) | (np.array(frames) >= key)
    np.testing.assert_allclose(np.array(shades)[sound], 10 * np.array(frames)[sound], atol=4)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no video",
        b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nother.ts\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile other.ts\n",
    ],
    ids=["empty", "text", "playlist", "list of files"],
)
def test_what_is_not_one_video_is_refused(tmp_path, content):
    write_uneven_video(tmp_path / "other.ts", "libx264", [0, 0.1, 0.2])
    (tmp_path / "x.mp4").write_bytes(content)
    video = VideoFile(tmp_path / "x.mp4", "x")
    assert video.expected_images == 0
    with pytest.raises(ImageError, match=r"x\.mp4: not a video that FFmpeg can read"):
        list(video)


def test_sound_alone_is_not_a_video(tmp_path):
    with av.open(str(tmp_path / "x.mp4"), "w") as file:
        stream = file.add_stream("aac", rate=8000)
        stream.layout = "mono"
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        sound.sample_rate, sound.pts, sound.time_base = 8000, 0, Fraction(1, 8000)
        file.mux(stream.encode(sound))
        file.mux(stream.encode(None))
    with pytest.raises(ImageError, match=r"x\.mp4: not a video .* or it has no frames"):
        list(VideoFile(tmp_path / "x.mp4", "x"))


def test_a_colon_in_a_name_is_not_a_protocol(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_uneven_video(tmp_path / "x.mp4", "libx264", [0, 0.1, 0.2]).rename("http:x.mp4")
    assert len(list(VideoFile(Path("http:x.mp4"), "x"))) == 3


def test_a_truncated_webm_is_told(tmp_path):
    path = write_uneven_video(tmp_path / "x.webm", "libvpx", TIMES_S)
    position, _ = spoil(path, 12)
    path.write_bytes(path.read_bytes()[:position])
    with pytest.raises(ImageError, match=r"truncated, ends after 12 frames, .* of \d+\.\d\d sec"):
        list(VideoFile(path, "x"))

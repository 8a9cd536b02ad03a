"""Writes picture files as a video."""

from __future__ import annotations

import os
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

from ..errors import UserError

_TICK = Fraction(1, 90_000)
"""Seconds; MPEG's clock, of which all usual frame rates are multiples."""


class VideoError(UserError, ValueError):
    """A video that cannot be written. The message names the file."""


def write_video(
    path: str | os.PathLike,
    pictures: Sequence[Path],
    frames_per_second: float,
    times_s: Sequence[float] | None = None,
) -> None:
    """Write picture files as the frames of an MP4 that browsers play, one in memory at a time.

    H.264 with 4:2:0 colours of BT.709.

    Args:
        path: the file, ending in ".mp4".
        pictures: at least one; all are resized to the size of the first.
        frames_per_second: above 0; the rate, or with `times_s` how long the last frame is shown.
        times_s: when each picture is shown, ascending, seconds; by default at an even rate from 0.

    Raises:
        VideoError: PyAV lacks the encoder, cannot write the file, or a picture cannot be read.
    """
    if times_s is None:
        times_s = [number / frames_per_second for number in range(len(pictures))]
    height, width = _read(pictures[0]).shape[:2]
    # 4:2:0 needs even sides.
    size = width - width % 2, height - height % 2
    try:
        with av.open(f"file:{os.fspath(path)}", "w", options={"movflags": "+faststart"}) as file:
            stream = _h264_stream(file, size, frames_per_second)
            last = -1
            for picture, time_s in zip(pictures, times_s, strict=True):
                pixels = _read(picture)
                if pixels.shape[:2] != (height, width):
                    pixels = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
                cut = np.ascontiguousarray(pixels[: size[1], : size[0]])
                frame = av.VideoFrame.from_ndarray(cut, format="bgr24").reformat(
                    format="yuv420p",
                    dst_colorspace=Colorspace.ITU709,
                    dst_color_range=ColorRange.MPEG,
                )
                frame.pts = last = max(round((time_s - times_s[0]) / _TICK), last + 1)
                frame.time_base = _TICK
                frame.duration = round(1 / frames_per_second / _TICK)
                file.mux(stream.encode(frame))
            file.mux(stream.encode(None))
    except (av.FFmpegError, av.codec.codec.UnknownCodecError) as error:
        raise VideoError(
            f"{path}: PyAV cannot write an H.264 video of {size[0]} x {size[1]} pixels: {error}"
        ) from error


def _h264_stream(file, size: tuple[int, int], frames_per_second: float) -> av.VideoStream:
    rate = Fraction(frames_per_second).limit_denominator(1001)
    # An MP4's duration sums times of decoding. With B-frames it can end before the last frame.
    stream = file.add_stream("libx264", rate=rate, options={"crf": "20", "bf": "0"})
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    codec = stream.codec_context
    codec.time_base = _TICK
    codec.colorspace = codec.color_primaries = codec.color_trc = Colorspace.ITU709
    codec.color_range = ColorRange.MPEG
    return stream


def _read(file: Path) -> np.ndarray:
    """A picture (H, W, 3) uint8 BGR."""
    picture = cv2.imread(os.fspath(file))
    if picture is None:
        raise VideoError(f"{file}: not a picture that OpenCV can read")
    return picture

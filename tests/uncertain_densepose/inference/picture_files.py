"""Tiny pictures and videos on disk."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np


def write_image(path: Path, brightness: int = 100) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((8, 12, 3), brightness, dtype=np.uint8))
    return path


def write_video(path: Path, num_frames: int) -> Path:
    """A video of 10 frames a second whose frame k is grey of brightness 20 k (up to 240)."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (32, 24))
    for number in range(num_frames):
        writer.write(np.full((24, 32, 3), 20 * min(number, 12), dtype=np.uint8))
    writer.release()
    return path


def write_uneven_video(path: Path, codec: str, times_s: Sequence[float], rate: int = 10) -> Path:
    """A video of 96 x 64 pixels whose frame k, shown at times_s[k], is grey of brightness 10 k (up
    to 250) but for a blue corner. Every sixth is a key frame."""
    tick = Fraction(1, 1000)
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.gop_size = 6
        stream.time_base = stream.codec_context.time_base = tick
        for number, time_s in enumerate(times_s):
            pixels = np.full((64, 96, 3), min(10 * number, 250), np.uint8)
            pixels[:20, :20] = 255, 0, 0
            frame = av.VideoFrame.from_ndarray(pixels, "bgr24")
            frame.pts, frame.time_base = round(1000 * float(time_s)), tick
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path

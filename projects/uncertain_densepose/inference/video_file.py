"""The frames of a video, with the times of its container."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import av
import numpy as np

from ..data.picture_file import ImageError
from .source_image import SourceImage

_CONTAINERS = "asf,avi,flv,h264,hevc,ivf,m4v,matroska,mjpeg,mov,mpeg,mpegts,mpegvideo,mxf,nut,ogg"
"""Demuxers of FFmpeg that read one file. Playlists, which name other files, are not among them."""

_OPTIONS = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"}

_WHOLE = 0.95
"""A video that ends before this share of the duration in its header counts as truncated; headers
may be off by a few frames."""

_WITH_HIDDEN_FRAMES = ("vp8", "mpeg4")
"""Codecs with packets from which no frame is to be expected."""

_AHEAD = 32
"""Packets; twice the frames that a decoder may hold back to bring them into order."""

_NAMED_FRAMES = 5


@dataclass(frozen=True)
class VideoFile:
    """Every `every`-th frame of a video, from the first, named NAME/<number, six digits>.

    Frames are turned as the container says. A frame that cannot be decoded keeps its number and is
    left out; those that were coded by their difference from it may look wrong up to the next key
    frame.
    """

    path: Path
    name: str
    every: int = 1

    @property
    def expected_images(self) -> int:
        """The number of images that iteration yields, by the video's header; 0 if unknown."""
        try:
            with _opened(self.path) as (_, stream):
                return -(-max(stream.frames, 0) // self.every)
        except ImageError:
            return 0

    @property
    def frames_per_second(self) -> float:
        """Mean rate of the frames taken, by the video's header; from 25 / s if it has none.

        Raises:
            ImageError: FFmpeg cannot read the file.
        """
        with _opened(self.path) as (_, stream):
            return float(stream.average_rate or 25) / self.every

    def __iter__(self) -> Iterator[SourceImage]:
        """Yields one frame at a time.

        Raises:
            ImageError: FFmpeg cannot read the file, or, after the last frame, frames could not be
                decoded or the file is truncated.
        """
        reading = _Reading()
        with _opened(self.path) as (container, stream):
            for frame in reading.frames(container, stream):
                if reading.number % self.every == 0:
                    yield SourceImage(
                        f"{self.name}/{reading.number:06d}",
                        self.path,
                        reading.number,
                        partial(_upright_bgr, frame),
                        reading.time_s,
                    )
            complaints = reading.complaints(_stated_duration_s(container, stream))
        if complaints:
            raise ImageError(f"{self.path}: {'; '.join(complaints)}")


class _Missing:
    """The packets of which no frame has come yet.

    Packets come in the order of decoding, frames in that of showing. A decoder drops frames beside
    a damaged one without a word; their times tell them.

    Args:
        may_hide: whether the codec has packets that are not shown, which are no loss.
    """

    def __init__(self, may_hide: bool):
        self._may_hide = may_hide
        self._sound: set[int] = set()
        self._damaged: list[int] = []
        self._given_up: set[int] = set()
        self._damaged_without_time = 0
        self._any_damage = False

    def add(self, pts: int | None) -> None:
        """Take note of a packet that is to be decoded."""
        if pts is not None:
            self._sound.add(pts)

    def add_damaged(self, pts: int | None) -> None:
        """Take note of a packet that could not be decoded."""
        self._any_damage = True
        if pts is None:
            self._damaged_without_time += 1
        elif pts not in self._given_up:
            self._sound.discard(pts)
            self._damaged.append(pts)

    def before(self, pts: int | None) -> int:
        """How many frames are lost before one of this time, or before the end; each counts once."""
        sound = {p for p in self._sound if pts is None or p < pts}
        damaged = [p for p in self._damaged if pts is None or p < pts]
        self._sound -= sound | {pts}
        self._damaged = [p for p in self._damaged if p not in damaged]
        count = len(damaged) + self._damaged_without_time
        self._damaged_without_time = 0
        if not self._any_damage or self._may_hide:
            return count
        self._given_up |= sound
        return count + len(sound)

    def is_counted(self, pts: int | None) -> bool:
        """Whether a frame comes so late, after later ones, that it was counted as lost."""
        return pts in self._given_up


@dataclass
class _Reading:
    """What is known of a video while it is read.

    Attributes:
        number: of the last frame, counting those that could not be decoded.
        time_s: of the last frame, seconds since the first.
        end_s: where the packets of all streams end so far, by the clock of the container.
        lost: numbers of the frames that could not be decoded.
    """

    number: int = -1
    time_s: float = 0.0
    end_s: float = 0.0
    lost: list[int] = field(default_factory=list)

    def frames(self, container, stream) -> Iterator[av.VideoFrame]:
        """The frames that can be decoded, in the order in which they are shown."""
        step = 1 / float(stream.average_rate or 25)
        first = None
        missing = _Missing(may_hide=stream.codec_context.name in _WITH_HIDDEN_FRAMES)
        for packet in self._packets(container, stream, missing):
            try:
                decoded = packet.decode()
            except av.FFmpegError:
                missing.add_damaged(packet.pts)
                continue
            for frame in decoded:
                if missing.is_counted(frame.pts):
                    continue
                self._lose(missing.before(frame.pts) + frame.is_corrupt)
                if frame.is_corrupt:
                    continue
                self.number += 1
                time_s = self.time_s + step if frame.time is None else frame.time
                first = time_s if first is None else first
                self.time_s = time_s - first
                yield frame
        self._lose(missing.before(None))

    def complaints(self, duration_s: float) -> list[str]:
        """What is wrong with a video that was read to its end.

        Args:
            duration_s: by its header; 0 if unknown.
        """
        if self.number < len(self.lost):
            return ["not a video that FFmpeg can read, or it has no frames"]
        complaints = []
        if self.lost:
            named = ", ".join(map(str, self.lost[:_NAMED_FRAMES]))
            more = ", ..." if len(self.lost) > _NAMED_FRAMES else ""
            complaints.append(
                f"{len(self.lost)} of {self.number + 1} frames cannot be decoded and are left out "
                f"({named}{more})"
            )
        if self.end_s < _WHOLE * duration_s:
            complaints.append(
                f"truncated, ends after {self.number + 1} frames, {self.end_s:.2f} of "
                f"{duration_s:.2f} seconds"
            )
        return complaints

    def _lose(self, count: int) -> None:
        for _ in range(count):
            self.number += 1
            self.lost.append(self.number)

    def _packets(self, container, stream, missing: _Missing) -> Iterator[av.Packet]:
        """The packets of a stream, each after `missing` knows of the next few."""
        ahead: deque[av.Packet] = deque()
        for packet in container.demux():
            self._note_end(packet)
            if packet.stream.index == stream.index:
                if packet.size and not packet.is_discard:
                    missing.add(packet.pts)
                ahead.append(packet)
            if len(ahead) > _AHEAD:
                yield ahead.popleft()
        yield from ahead

    def _note_end(self, packet) -> None:
        begin = packet.dts if packet.pts is None else packet.pts
        if begin is not None:
            end_s = float((begin + (packet.duration or 0)) * packet.time_base)
            self.end_s = max(self.end_s, end_s)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[av.container.InputContainer, av.VideoStream]]:
    """A video file and its first video stream.

    Raises:
        ImageError: FFmpeg cannot read the file, at once or later, or it has no video.
    """
    try:
        # Without the protocol, FFmpeg takes what stands before a colon in the name for one.
        with av.open(f"file:{os.fspath(path)}", options=_OPTIONS, metadata_errors="ignore") as file:
            if not file.streams.video or file.streams.video[0].codec_context is None:
                raise ImageError(f"{path}: not a video that FFmpeg can read, or it has no frames")
            yield file, file.streams.video[0]
    except av.FFmpegError as error:
        reason = " ".join(str(error.strerror).split())
        raise ImageError(f"{path}: not a video that FFmpeg can read: {reason}") from error


def _stated_duration_s(container, stream) -> float:
    """The duration of a video by its header, seconds; 0 if unknown."""
    stated = float((container.duration or 0) / av.time_base)
    if container.format.name == "avi" and stream.average_rate:
        # Without the index at the file's end, FFmpeg guesses from the file's size.
        stated = max(stated, float(stream.frames / stream.average_rate))
    return stated


def _upright_bgr(frame: av.VideoFrame) -> np.ndarray:
    """A frame (H, W, 3) uint8 blue, green, red, turned as its display matrix says."""
    pixels = frame.to_ndarray(format="bgr24")
    return np.ascontiguousarray(np.rot90(pixels, round(frame.rotation / 90)))

"""Where pictures come from: files, globs, folders and videos, read one at a time."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from natsort import natsort_keygen, ns

from ..errors import UserError
from .image_input import ImageError, read_image

IMAGE_SUFFIXES = frozenset(
    ".avif .bmp .gif .jp2 .jpeg .jpg .pbm .pgm .png .ppm .tif .tiff .webp".split()
)
"""Endings of the files that are taken from a folder."""

VIDEO_SUFFIXES = frozenset(".avi .m4v .mkv .mov .mp4 .mpeg .mpg .webm .wmv".split())
"""Endings of the files that are read as videos."""

_natural = natsort_keygen(alg=ns.IGNORECASE)

_WHOLE_VIDEO = 0.95
"""Share of the frames that a video's header promises without which it counts as truncated; the
header may be off by a few."""


class SourceError(UserError, ValueError):
    """Images that were asked for and cannot be used. The message names them."""


@dataclass(frozen=True)
class SourceImage:
    """An image that can be read.

    Attributes:
        name: what its results are named by: no ending, parts divided by "/". Unique in a run.
        path: the file that it is in.
        frame: its number in a video, from 0; None for a picture file.
        read: gives (H, W, 3) uint8, blue, green, red, or raises ImageError. That of a frame must
            be called before the next frame is asked for.
    """

    name: str
    path: Path
    frame: int | None
    read: Callable[[], np.ndarray]

    def __str__(self) -> str:
        return str(self.path) if self.frame is None else f"{self.path} frame {self.frame}"


@dataclass(frozen=True)
class ImageFile:
    """A picture file."""

    path: Path
    name: str

    @property
    def expected_images(self) -> int:
        """How many images iteration gives, or a guess of it."""
        return 1

    def __iter__(self) -> Iterator[SourceImage]:
        yield SourceImage(self.name, self.path, None, partial(read_image, self.path))


@dataclass(frozen=True)
class VideoFile:
    """Every `every`-th frame of a video, from the first on, named NAME/<number, six digits>."""

    path: Path
    name: str
    every: int = 1

    @property
    def expected_images(self) -> int:
        """How many images iteration gives, by the video's header; 0 where it does not say."""
        return -(-max(int(_header(self.path, cv2.CAP_PROP_FRAME_COUNT)), 0) // self.every)

    @property
    def frames_per_second(self) -> float:
        """Of the frames that are taken; by the video's header, 25 before `every` without one."""
        return (_header(self.path, cv2.CAP_PROP_FPS) or 25.0) / self.every

    def __iter__(self) -> Iterator[SourceImage]:
        """One frame is in memory at a time; those between are not decoded into pictures.

        Raises:
            ImageError: OpenCV cannot read the file, or it ends early.
        """
        capture = cv2.VideoCapture(os.fspath(self.path))
        try:
            frame = 0
            while capture.grab():
                if frame % self.every == 0:
                    read = partial(_retrieve, capture, self.path, frame)
                    yield SourceImage(f"{self.name}/{frame:06d}", self.path, frame, read)
                frame += 1
            promised = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        finally:
            capture.release()
        if frame == 0:
            raise ImageError(
                f"{self.path}: not a video that OpenCV can read, or one without frames"
            )
        if frame < _WHOLE_VIDEO * promised:
            raise ImageError(f"{self.path}: truncated, ends after {frame} of {promised} frames")


Source = ImageFile | VideoFile


def find_sources(
    arguments: Iterable[str | os.PathLike], every: int = 1, out: Path | None = None
) -> list[Source]:
    """What a command line names, in the natural order of the paths: img2 before img10.

    - A folder stands for the images in it and below, those of `IMAGE_SUFFIXES`; files and folders
      whose names start with a dot are left out. Their names keep the folders below it.
    - A pattern such as "shots/*.jpg" that names no file stands for those that it matches, with
      "**" for any folders.
    - Other files are named by themselves, without folder and ending; those of `VIDEO_SUFFIXES`
      are videos.

    A file that is named twice counts once.

    Args:
        arguments: paths and patterns.
        every: of a video's frames one in so many.
        out: the folder that results go to, in which images are not searched.

    Raises:
        SourceError: nothing is there or matches, a folder has no images, two files would have the
            same name, or the results of a file would lie beside it, under its name.
    """
    found: dict[tuple[Path, str], Source] = {}
    for argument in arguments:
        for path, name in _files(Path(argument), out):
            is_video = path.suffix.lower() in VIDEO_SUFFIXES
            source = VideoFile(path, name, every) if is_video else ImageFile(path, name)
            found.setdefault((path.resolve(), name), source)
    sources = sorted(found.values(), key=lambda source: natural_key(source.path))
    _check_names(sources)
    for source in sources:
        own = source.path.resolve().with_suffix("")
        if out is not None and (out / source.name).resolve() == own:
            raise SourceError(
                f"{out}: the results of {source.path} would lie beside it; choose another folder"
            )
    return sources


def natural_key(path: str | os.PathLike) -> tuple:
    """Sorts paths folder by folder, numbers by their value and letters whatever their case."""
    return _natural(Path(path).parts), os.fspath(path)


def _files(argument: Path, out: Path | None) -> list[tuple[Path, str]]:
    """The files that an argument stands for, with their names."""
    if argument.is_dir():
        return _files_below(argument, out)
    if argument.exists():
        return [(argument, argument.stem)]
    if not glob.has_magic(str(argument)):
        raise SourceError(f"{argument}: no such image, folder or video")
    matches = [Path(match) for match in glob.glob(str(argument), recursive=True)]
    files = [(match, match.stem) for match in matches if match.is_file()]
    if not files:
        raise SourceError(f"{argument}: matches no file")
    return files


def _files_below(folder: Path, out: Path | None) -> list[tuple[Path, str]]:
    own_results = None if out is None else out.resolve()
    found = []
    for root, folders, files in os.walk(folder):
        here = Path(root)
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".") and (here / name).resolve() != own_results
        ]
        for path in (here / name for name in files if not name.startswith(".")):
            if path.suffix.lower() in IMAGE_SUFFIXES:
                found.append((path, path.relative_to(folder).with_suffix("").as_posix()))
    if not found:
        known = " ".join(sorted(IMAGE_SUFFIXES))
        raise SourceError(f"{folder}: no image in this folder or below it ({known})")
    return found


def _check_names(sources: Sequence[Source]) -> None:
    named: dict[str, Path] = {}
    for source in sources:
        # The frames of a video go to a folder of its name.
        name = f"{source.name}/" if isinstance(source, VideoFile) else source.name
        other = named.setdefault(name, source.path)
        if other is not source.path:
            remedy = "run them apart, or give one folder above both, whose structure is kept"
            if other.parent == source.path.parent:
                remedy = "rename one of them"
            raise SourceError(
                f"{other} and {source.path} would both be named {source.name!r} in the results; "
                f"{remedy}"
            )
    videos = {name.rstrip("/"): path for name, path in named.items() if name.endswith("/")}
    for source in sources:
        for above in map(str, Path(source.name).parents):
            if above in videos:
                raise SourceError(
                    f"{source.path} would be among the frames of {videos[above]} in the results; "
                    "run them apart"
                )


def _header(path: Path, field: int) -> float:
    """A number that a video's header states, 0 where there is none."""
    capture = cv2.VideoCapture(os.fspath(path))
    try:
        return capture.get(field)
    finally:
        capture.release()


def _retrieve(capture: cv2.VideoCapture, path: Path, frame: int) -> np.ndarray:
    """The frame that was grabbed last."""
    is_good, picture = capture.retrieve()
    if not is_good:
        raise ImageError(f"{path}: frame {frame} cannot be decoded")
    return picture

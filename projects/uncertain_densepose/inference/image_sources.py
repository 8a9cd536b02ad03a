"""Images from files, patterns, folders and videos, read one at a time."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePath

import cv2
import numpy as np
from natsort import natsort_keygen, ns

from ..errors import UserError
from .image_input import ImageError, read_image

IMAGE_SUFFIXES = frozenset(
    ".avif .bmp .gif .jp2 .jpeg .jpg .pbm .pgm .png .ppm .tif .tiff .webp".split()
)
"""Suffixes of the files that are taken from a folder."""

VIDEO_SUFFIXES = frozenset(".avi .m4v .mkv .mov .mp4 .mpeg .mpg .webm .wmv".split())
"""Suffixes of the files that are read as videos."""

_natural = natsort_keygen(alg=ns.IGNORECASE)

_WHOLE_VIDEO = 0.95
"""A video with a smaller share of the frames that its header promises counts as truncated; headers
may be off by a few frames."""


class SourceError(UserError, ValueError):
    """Requested images that cannot be used. The message names them."""


@dataclass(frozen=True)
class SourceImage:
    """An image to be read.

    Attributes:
        name: names its results: unique in a run, without suffix, with "/" between folders.
        path: the file.
        frame: the number of the frame in a video, from 0; None for an image file.
        read: returns (H, W, 3) uint8 BGR, or raises ImageError. For a video frame it must be called
            before the next frame is requested.
    """

    name: str
    path: Path
    frame: int | None
    read: Callable[[], np.ndarray]

    def __str__(self) -> str:
        return str(self.path) if self.frame is None else f"{self.path} frame {self.frame}"


@dataclass(frozen=True)
class ImageFile:
    """An image file; iterates over its one image, named `name`."""

    path: Path
    name: str

    @property
    def expected_images(self) -> int:
        """The number of images that iteration yields."""
        return 1

    def __iter__(self) -> Iterator[SourceImage]:
        yield SourceImage(self.name, self.path, None, partial(read_image, self.path))


@dataclass(frozen=True)
class VideoFile:
    """Every `every`-th frame of a video, from the first, named NAME/<number, six digits>."""

    path: Path
    name: str
    every: int = 1

    @property
    def expected_images(self) -> int:
        """The number of images that iteration yields, by the video's header; 0 if unknown."""
        return -(-max(int(_header(self.path, cv2.CAP_PROP_FRAME_COUNT)), 0) // self.every)

    @property
    def frames_per_second(self) -> float:
        """Rate of the frames taken; from the video's header, or from 25 / s if it has none."""
        return (_header(self.path, cv2.CAP_PROP_FPS) or 25.0) / self.every

    def __iter__(self) -> Iterator[SourceImage]:
        """Yields one frame at a time; skipped frames are not decoded.

        Raises:
            ImageError: OpenCV cannot read the file, or it is truncated.
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
            raise ImageError(f"{self.path}: not a video that OpenCV can read, or it has no frames")
        if frame < _WHOLE_VIDEO * promised:
            raise ImageError(f"{self.path}: truncated, ends after {frame} of {promised} frames")


ImageSource = ImageFile | VideoFile


def find_sources(
    arguments: Iterable[str | os.PathLike], every: int = 1, out: Path | None = None
) -> list[ImageSource]:
    """The images that a command line names, in natural order of their paths: img2 before img10.

    - A folder means the images in and below it, by `IMAGE_SUFFIXES`, except hidden files and
      folders. Their names keep the folders below it.
    - A pattern such as "shots/*.jpg" means the files that it matches; "**" matches any folders.
    - Any other file is named without folder and suffix; `VIDEO_SUFFIXES` are read as videos.

    A file that is given twice counts once.

    Args:
        arguments: paths and patterns.
        every: take every N-th frame of videos.
        out: the output folder, where no images are searched for.

    Raises:
        SourceError: a path does not exist, a pattern matches nothing, a folder has no images, two
            files would have the same name, results would overwrite their image, or a file is named
            only by dots.
    """
    found: dict[tuple[Path, str], ImageSource] = {}
    for argument in arguments:
        for path, name in _files(Path(argument), out):
            is_video = path.suffix.lower() in VIDEO_SUFFIXES
            source = VideoFile(path, name, every) if is_video else ImageFile(path, name)
            found.setdefault((path.resolve(), name), source)
    sources = sorted(found.values(), key=lambda source: natural_key(source.path))
    for source in sources:
        if PurePath(source.name).name in ("", ".."):
            raise SourceError(
                f"{source.path}: its results would be named {source.name!r}; rename the file"
            )
    _check_names(sources)
    for source in sources:
        own = source.path.resolve().with_suffix("")
        if out is not None and (out / source.name).resolve() == own:
            raise SourceError(
                f"{out}: the results of {source.path} would be written beside it; choose another "
                "folder"
            )
    return sources


def natural_key(path: str | os.PathLike) -> tuple:
    """Sort key for paths: folder by folder, numbers by value, letters regardless of case."""
    return _natural(Path(path).parts), os.fspath(path)


def _files(argument: Path, out: Path | None) -> list[tuple[Path, str]]:
    """The files that an argument means, with the names of their results."""
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


def _check_names(sources: Sequence[ImageSource]) -> None:
    named: dict[str, Path] = {}
    for source in sources:
        # The frames of a video go to a folder of its name.
        name = f"{source.name}/" if isinstance(source, VideoFile) else source.name
        other = named.setdefault(name, source.path)
        if other is not source.path:
            remedy = "run them separately, or give a folder above both to keep its structure"
            if other.parent == source.path.parent:
                remedy = "rename one of them"
            raise SourceError(
                f"{other} and {source.path} would both have results named {source.name!r}; {remedy}"
            )
    videos = {name.rstrip("/"): path for name, path in named.items() if name.endswith("/")}
    for source in sources:
        for above in map(str, Path(source.name).parents):
            if above in videos:
                raise SourceError(
                    f"the results of {source.path} would be among the frames of {videos[above]}; "
                    "run them separately"
                )


def _header(path: Path, field: int) -> float:
    """A number from a video's header, 0 if it has none."""
    capture = cv2.VideoCapture(os.fspath(path))
    try:
        return capture.get(field)
    finally:
        capture.release()


def _retrieve(capture: cv2.VideoCapture, path: Path, frame: int) -> np.ndarray:
    """The last grabbed frame (H, W, 3) uint8."""
    is_good, picture = capture.retrieve()
    if not is_good:
        raise ImageError(f"{path}: frame {frame} cannot be decoded")
    return picture

"""Images from files, patterns, folders and videos, read one at a time."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePath

from natsort import natsort_keygen, ns

from ..data.picture_file import is_picture, read_image
from ..errors import UserError, missing
from .source_image import SourceImage
from .video_file import VideoFile

IMAGE_SUFFIXES = frozenset(
    ".avif .bmp .gif .jp2 .jpeg .jpg .pbm .pgm .png .ppm .tif .tiff .webp".split()
)
"""Suffixes of the files that are taken from a folder, readable or not. Of other files, those are
taken whose content is a picture's."""

VIDEO_SUFFIXES = frozenset(".avi .m4v .mkv .mov .mp4 .mpeg .mpg .webm .wmv".split())
"""Suffixes of the files that are read as videos."""

_natural = natsort_keygen(alg=ns.IGNORECASE)


class SourceError(UserError, ValueError):
    """Requested images that cannot be used. The message names them."""


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


ImageSource = ImageFile | VideoFile


def find_sources(
    arguments: Iterable[str | os.PathLike], every: int = 1, out: Path | None = None
) -> list[ImageSource]:
    """The images that a command line names, in natural order of their paths: img2 before img10.

    - A folder means the images in and below it, by `IMAGE_SUFFIXES` or else by their content,
      except hidden files and folders. Their names keep the folders below it, and a suffix that is
      not in `IMAGE_SUFFIXES`.
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


def file_stamp(path: Path) -> list[int]:
    """Size in bytes and time of modification in ns, to see whether a file changed; [] if it is
    gone."""
    if not path.exists():
        return []
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]


def _files(argument: Path, out: Path | None) -> list[tuple[Path, str]]:
    """The files that an argument means, with the names of their results."""
    if argument.is_dir():
        return _files_below(argument, out)
    if argument.exists():
        return [(argument, argument.stem)]
    if not glob.has_magic(str(argument)):
        raise SourceError(missing(argument, "no such image, folder or video"))
    # Brackets of a folder that exists are part of its name.
    folder = next(above for above in argument.parents if above.is_dir())
    pattern = str(argument.relative_to(folder))
    matches = [folder / match for match in glob.glob(pattern, root_dir=folder, recursive=True)]
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
            name = path.relative_to(folder)
            if path.suffix.lower() in IMAGE_SUFFIXES:
                found.append((path, name.with_suffix("").as_posix()))
            elif path.suffix.lower() not in VIDEO_SUFFIXES and is_picture(path):
                found.append((path, name.as_posix()))
    if not found:
        known = " ".join(sorted(IMAGE_SUFFIXES))
        raise SourceError(
            f"{folder}: no image in this folder or below it ({known}, or known by its content)"
        )
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

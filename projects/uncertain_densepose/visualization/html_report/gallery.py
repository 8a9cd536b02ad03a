"""Images with their people, as pictures with values at every pixel."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import cast

import cv2
import numpy as np

from ...inference import ImageError, PeopleFileError, load_people, read_image
from ...inference.image_sources import VideoFile, file_stamp
from ...inside import LeadsOutError, plain_path
from .figures import data_uri
from .pixels import MAX_PEOPLE, PLANES, compose, encode, sigma_cm_of_code
from .results import ImagePeople, ReportError, RunResults

JPEG_QUALITY = 88


@dataclass(frozen=True)
class Entry:
    """An image to show.

    Attributes:
        run: the name of its run. name: as displayed.
        file: the image, or the video that has it as `frame`.
        maps: the file with its people.
    """

    run: str
    name: str
    file: Path
    frame: int | None
    maps: Path


@dataclass(frozen=True)
class Choice:
    """The images of several runs chosen for the gallery.

    Attributes:
        entries: the chosen images.
        gone: images that were not found, as "name (run)".
        num_available: the number of images found.
        refused: images that are there, but not known to be what the run read; as "name (run)".
    """

    entries: Sequence[Entry]
    gone: Sequence[str]
    num_available: int
    refused: Sequence[str] = ()


@dataclass(frozen=True)
class Picture:
    """An image of the gallery.

    Attributes:
        run, name: see :class:`Entry`.
        uri: the picture as a `data:` URI. shown_size: its height and width, pixels.
        image_size: height and width of the original image, pixels.
        scores: of its people, descending; `pixels.compose` numbers people from 1 in this order.
        pixels: from `pixels.encode`.
        sigma_cm: (n,) of the pixels with a standard deviation.
    """

    run: str
    name: str
    uri: str
    shown_size: tuple[int, int]
    image_size: tuple[int, int]
    scores: Sequence[float]
    pixels: str
    sigma_cm: np.ndarray


def choose_images(
    runs: Sequence[RunResults], max_images: int, images: str | os.PathLike | None = None
) -> Choice:
    """Find the images of the runs' predictions; from runs with too many, take some evenly spaced.

    Args:
        runs: from :func:`.results.read_results`.
        max_images: per run.
        images: a folder to search first, for the image's path and for its file name alone; all of
            it may be shown.
    """
    entries, gone, refused, num_available = [], [], [], 0
    for run in runs:
        found = []
        for one in run.people:
            name = one.image if one.frame is None else f"{one.image} frame {one.frame}"
            file = find_image(one, run, images)
            if file is not None:
                found.append(Entry(run.name, name, file, one.frame, one.maps))
            elif any(map(Path.is_file, _places(one, run))):
                refused.append(f"{name} ({run.name})")
            else:
                gone.append(f"{name} ({run.name})")
        num_available += len(found)
        kept = np.linspace(0, len(found) - 1, min(max_images, len(found))).round().astype(int)
        entries += [found[i] for i in kept.tolist()]
    return Choice(entries, gone, num_available, refused)


def find_image(
    one: ImagePeople, run: RunResults, images: str | os.PathLike | None = None
) -> Path | None:
    """The image's file: in `images`, else at its path relative to here or to the run's folder.

    A run from elsewhere may name any file of this machine, and the page would take it along. So
    outside of `images`, which the user names, a file counts if it lies in the run's folder, or is
    the very one that the run read: of the size and time of modification that it noted.
    """
    named = [] if images is None else _in_folder(Path(images), Path(one.image))
    own = [path for path in _places(one, run) if _is_of_run(path, run)]
    return next((path for path in [*named, *own] if path.is_file()), None)


def _in_folder(folder: Path, name: Path) -> list[Path]:
    """A file by its path and by its name alone, as far as they lead into the folder."""
    found = []
    for part in (str(name), name.name):
        with suppress(LeadsOutError):
            found.append(folder / plain_path(part))
    return found


def _places(one: ImagePeople, run: RunResults) -> list[Path]:
    """Where a file with the image's name may be, in the order of preference."""
    return [] if "\0" in one.image else [Path(one.image), run.path / one.image]


def _is_of_run(path: Path, run: RunResults) -> bool:
    real = path.resolve()
    if run.path.resolve() in real.parents:
        return True
    return path.is_file() and run.stamps.get(str(real)) == file_stamp(real)


def read_pictures(entries: Sequence[Entry], max_side: int) -> Iterator[Picture]:
    """Read images and their people, scaling images down to sides of at most `max_side` pixels.

    Raises:
        ReportError: an image, a video or a file of people is missing or damaged; an image does not
            have the size that its people were found in, or has more than `pixels.MAX_PEOPLE`.
    """
    files = groupby(entries, key=lambda entry: (entry.run, entry.file, entry.frame is None))
    for (_, _, is_picture), same_file in files:
        read = _read_files if is_picture else _read_frames
        try:
            for entry, image in read(list(same_file)):
                yield _picture(entry, image, max_side)
        except (ImageError, PeopleFileError) as error:
            raise ReportError(str(error)) from error


def _read_files(entries: Sequence[Entry]) -> Iterator[tuple[Entry, np.ndarray]]:
    """Entries with their images (H, W, 3) uint8."""
    for entry in entries:
        yield entry, read_image(entry.file)


def _read_frames(entries: Sequence[Entry]) -> Iterator[tuple[Entry, np.ndarray]]:
    """Entries of one video with their frames, read in one pass."""
    file = entries[0].file
    wanted = {entry.frame: entry for entry in entries if entry.frame is not None}
    for image in VideoFile(file, file.stem):
        if image.frame in wanted:
            yield wanted.pop(image.frame), image.read()
        if not wanted:
            return
    raise ImageError(f"{file}: has no frame {min(wanted)}")


def _picture(entry: Entry, image: np.ndarray, max_side: int) -> Picture:
    saved = load_people(entry.maps)
    if image.shape[:2] != saved.image_size:
        (height, width), (own_height, own_width) = saved.image_size, image.shape[:2]
        raise ReportError(
            f"{entry.file}: has {own_width} x {own_height} pixels, but the people of {entry.maps} "
            f"were found in an image of {width} x {height}; use --images"
        )
    if len(saved.people) > MAX_PEOPLE:
        raise ReportError(f"{entry.maps}: has {len(saved.people)} people, more than {MAX_PEOPLE}")
    people = sorted(saved.people, key=lambda person: -_score(person))
    shown_size = scaled_size(saved.image_size, max_side)
    planes = compose(people, saved.image_size, shown_size)
    sigma = planes[PLANES.index("sigma")]
    return Picture(
        run=entry.run,
        name=entry.name,
        uri=data_uri("image/jpeg", _jpeg(image, shown_size)),
        shown_size=shown_size,
        image_size=saved.image_size,
        scores=[_score(person) for person in people],
        pixels=encode(planes),
        sigma_cm=sigma_cm_of_code(sigma[sigma > 0]),
    )


def _score(person: Mapping[str, np.ndarray | None]) -> float:
    # Every person of a file has one.
    return float(cast(np.ndarray, person["score"]))


def scaled_size(image_size: tuple[int, int], max_side: int) -> tuple[int, int]:
    """Height and width scaled down, if need be, to a longer side of `max_side`."""
    scale = min(max_side / max(image_size), 1)
    height, width = (max(round(scale * side), 1) for side in image_size)
    return height, width


def _jpeg(image_bgr: np.ndarray, size: tuple[int, int]) -> bytes:
    if image_bgr.shape[:2] != size:
        image_bgr = cv2.resize(image_bgr, size[::-1], interpolation=cv2.INTER_AREA)
    _, encoded = cv2.imencode(".jpg", image_bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return encoded.tobytes()

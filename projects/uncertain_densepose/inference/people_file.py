"""The people of an image on disk: one `.npz` file, readable with numpy and without pickle.

Arrays:

- `version` () int64; `image_size` (2,) int64, height and width; `frame` () text, "box" or "image";
  `num_people` () int64;
- for person i the values of `Person.tensors` in that frame: `<i>/box`, `<i>/score`, `<i>/window`,
  `<i>/part`, `<i>/uv`, `<i>/part_probability` and, with a noise model, `<i>/covariance_uv`,
  `<i>/sigma_uv`, `<i>/sigma_cm`, `<i>/shared_covariance`. The mask is `part > 0`.

Files of version 1 lack `part_probability` and are refused: predict the people again.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..archives import ArchiveError, PickledArrayError, open_npz
from ..atomic_file import replacing
from ..errors import UserError, missing
from ..surface import NUM_PARTS
from ..surface.metric import ChartMetric
from .dense_person import FRAMES, MAX_PIXELS, REAL_MAPS, DensePerson
from .npy_spool import NpySpool
from .stored_person import StoredPerson

VERSION = 2

UV_TYPES = (np.float16, np.float32)
"""Types that `uv` may be stored in. Half precision is exact to 1/4096 of a chart."""


class PeopleFileError(UserError, ValueError):
    """A file of people that cannot be used. The message names the file and the array."""


@dataclass(frozen=True)
class SavedPeople:
    """The content of a file of people.

    Attributes:
        image_size: height and width of the image, pixels.
        frame: "box" or "image", see `Person.tensors`.
        people: for each person the arrays of `Person.tensors`, None for what the model does not
            predict.
    """

    image_size: tuple[int, int]
    frame: str
    people: list[dict[str, np.ndarray | None]]

    def with_metric(self, metric: ChartMetric) -> list[StoredPerson]:
        """The people, for all functions that take predicted ones.

        Args:
            metric: of the surface that the model predicts, `ChartMetric.load(file)`.
        """
        return [StoredPerson(arrays, self.image_size, metric) for arrays in self.people]


def save_people(
    path: str | os.PathLike,
    people: Sequence[DensePerson],
    image_size: tuple[int, int],
    frame: str = "box",
    uv_type: type = np.float32,
) -> None:
    """Write the people of an image, atomically.

    Args:
        path: the file, usually `.npz`; its folder is created if missing.
        people: found in the image, possibly none.
        image_size: height and width of the image, pixels.
        frame: "box" for maps of the people's windows, "image" for maps of the whole image.
        uv_type: np.float32 or np.float16, for `uv` only; variances are too small for the latter.

    Raises:
        ValueError: `frame` or `uv_type` is neither, or a person's image has another size.
    """
    if uv_type not in UV_TYPES:
        raise ValueError(f"uv_type must be np.float16 or np.float32, not {uv_type}")
    if frame not in FRAMES:
        raise ValueError(f"frame must be one of {', '.join(FRAMES)}, not {frame!r}")
    heads = {
        "version": np.array(VERSION),
        "image_size": np.array(image_size),
        "frame": np.array(frame),
        "num_people": np.array(len(people)),
    }
    for index, person in enumerate(people):
        if tuple(person.image_size) != tuple(image_size):
            raise ValueError(
                f"person {index} was found in an image of height and width "
                f"{tuple(person.image_size)}, not {tuple(image_size)}"
            )
    with (
        replacing(Path(path)) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name, values in heads.items():
            _write(archive, name, values)
        for index, person in enumerate(people):
            _write_person(archive, temporary.parent, f"{index}/", person, frame, uv_type)


def _write_person(
    archive: zipfile.ZipFile,
    folder: Path,
    prefix: str,
    person: DensePerson,
    frame: str,
    uv_type: type,
) -> None:
    """Write the arrays of a person, through temporary files in a folder."""
    height, width = person.image_size
    x0, y0, x1, y1 = person.window if frame == "box" else (0, 0, width, height)
    heads = {
        "box": person.box_xyxy.astype(np.float32),
        "score": np.array(person.score, dtype=np.float32),
        "window": np.array((x0, y0, x1, y1)),
        "shared_covariance": person.shared_covariance,
    }
    for name, values in heads.items():
        if values is not None:
            _write(archive, prefix + name, values)
    stored = {"part": np.uint8, "uv": uv_type}
    with ExitStack() as spools:
        maps: dict[str, NpySpool] = {}
        # A large person is computed band by band, so that no map need be whole in memory.
        for band in person.bands(MAX_PIXELS) if frame == "box" else [person]:
            for name in ("part", *REAL_MAPS):
                values = FRAMES[frame](band, getattr(band, name))
                if values is None:
                    continue
                values = np.asarray(values).astype(stored.get(name, np.float32))
                if name not in maps:
                    shape = (y1 - y0, x1 - x0, *values.shape[2:])
                    spool = NpySpool(prefix + name, shape, values.dtype, folder)
                    maps[name] = spools.enter_context(spool)
                maps[name].write(values)
        for spool in maps.values():
            spool.copy_into(archive)


def _write(archive: zipfile.ZipFile, name: str, values: np.ndarray) -> None:
    with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
        np.lib.format.write_array(file, values, allow_pickle=False)


def load_people(path: str | os.PathLike) -> SavedPeople:
    """Read and check a file of :func:`save_people`.

    Raises:
        PeopleFileError: the file is missing, damaged or of another version, or an array is missing
            or has a wrong type, shape or value.
    """
    path = Path(path)
    if not path.is_file():
        raise PeopleFileError(missing(path, "no such file; write it with save_people"))
    try:
        with open_npz(path) as archive:
            return _read(_Arrays(path, archive))
    except (ArchiveError, OSError) as error:
        raise PeopleFileError(f"{path}: not a .npz file, or truncated ({error})") from error


class _Arrays:
    """The arrays of a file whose keys begin with a prefix, checked on reading."""

    def __init__(self, path: Path, archive: Mapping[str, np.ndarray], prefix: str = ""):
        self._path, self._archive, self._prefix = path, archive, prefix

    def of_person(self, index: int) -> _Arrays:
        return _Arrays(self._path, self._archive, f"{index}/")

    def __contains__(self, name: str) -> bool:
        return self._prefix + name in self._archive

    def read(self, name: str, kinds: str, shape: tuple[int | None, ...]) -> np.ndarray:
        """An array whose dtype kind is one of `kinds` ("f", "iu", ...); None in `shape` is any."""
        if name not in self:
            raise self.error(name, "is missing")
        try:
            values = self._archive[self._prefix + name]
        except PickledArrayError as error:
            raise self.error(name, "is not a plain array") from error
        if values.dtype.kind not in kinds:
            raise self.error(name, f"has type {values.dtype}")
        fits = len(values.shape) == len(shape) and all(
            side in (None, found) for side, found in zip(shape, values.shape, strict=True)
        )
        if not fits:
            expected = "(" + ", ".join("any" if s is None else str(s) for s in shape) + ")"
            raise self.error(name, f"has shape {values.shape}, expected {expected}")
        return values

    def error(self, name: str, complaint: str) -> PeopleFileError:
        return PeopleFileError(f"{self._path}: array '{self._prefix}{name}' {complaint}")


def _read(arrays: _Arrays) -> SavedPeople:
    version = int(arrays.read("version", "iu", ()))
    if version != VERSION:
        raise arrays.error(
            "version", f"is {version}, but only {VERSION} can be read; predict the people again"
        )
    height, width = arrays.read("image_size", "iu", (2,)).tolist()
    if height < 1 or width < 1:
        raise arrays.error("image_size", f"is {height} x {width} pixels")
    frame = str(arrays.read("frame", "U", ()))
    if frame not in FRAMES:
        raise arrays.error("frame", f"is {frame!r}, expected one of {', '.join(FRAMES)}")
    count = int(arrays.read("num_people", "iu", ()))
    if count < 0:
        raise arrays.error("num_people", f"is {count}")
    people = [_read_person(arrays.of_person(index), height, width) for index in range(count)]
    return SavedPeople((height, width), frame, people)


def _read_person(arrays: _Arrays, height: int, width: int) -> dict[str, np.ndarray | None]:
    box = arrays.read("box", "f", (4,))
    if not np.isfinite(box).all():
        raise arrays.error("box", "is not finite")
    score = arrays.read("score", "f", ())
    if not 0 <= score <= 1:
        raise arrays.error("score", f"is {score}, expected 0..1")
    window = arrays.read("window", "iu", (4,))
    x0, y0, x1, y1 = window.tolist()
    if not (0 <= x0 <= x1 <= width and 0 <= y0 <= y1 <= height):
        complaint = f"is {window.tolist()}, outside the {width} x {height} pixels"
        raise arrays.error("window", complaint)
    size = (y1 - y0, x1 - x0)
    part = arrays.read("part", "iu", size)
    if part.size and (part.min() < 0 or part.max() > NUM_PARTS):
        raise arrays.error("part", f"has {part.min()}..{part.max()}, expected 0..24")
    shown = part > 0
    probability = arrays.read("part_probability", "f", size)
    person: dict[str, np.ndarray | None] = {
        "box": box,
        "score": score,
        "window": window,
        "part": part,
        "mask": shown,
        "uv": arrays.read("uv", "f", (*size, 2)),
        "part_probability": probability,
        "shared_covariance": None,
    }
    for name, value_shape in {"covariance_uv": (2, 2), "sigma_uv": (), "sigma_cm": ()}.items():
        known = name in arrays
        person[name] = arrays.read(name, "f", (*size, *value_shape)) if known else None
    for name in REAL_MAPS:
        values = person[name]
        if values is not None and np.isnan(values[shown]).any():
            raise arrays.error(name, "is NaN on pixels that show a part")
    if ((probability[shown] < 0) | (probability[shown] > 1)).any():
        raise arrays.error("part_probability", "has values outside 0..1")
    if "shared_covariance" in arrays:
        shared = arrays.read("shared_covariance", "f", (NUM_PARTS + 1, None, None))
        if shared.shape[1] != shared.shape[2]:
            complaint = f"has shape {shared.shape}, expected {NUM_PARTS + 1} squares"
            raise arrays.error("shared_covariance", complaint)
        person["shared_covariance"] = shared
    return person

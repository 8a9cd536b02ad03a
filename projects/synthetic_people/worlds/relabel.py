"""From the annotations of a rendered data set to those of a noise world: the same pictures, people
and points, other labels."""

from __future__ import annotations

import dataclasses
import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from uncertain_densepose.errors import NOT_JSON, UserError
from uncertain_densepose.structures.coco_annotation import (
    TRUE_FIELDS,
    TRUE_PART_FIELD,
    AnnotationError,
    AnnotationFileError,
    read_box,
    read_labelled_points,
)
from uncertain_densepose.surface import Surface

from ..coco_files import coco_content
from ..shards import write_atomically
from ..surface_checksum import surface_crc32
from . import World, find_world, world_file_name
from .base import TruePoints

_KEPT_STATISTICS = ("images", "people", "people_with_dense_labels", "points")
_DIGITS = {
    "variance": 8,
    "shared_variance": 8,
    "offset_variance": 8,
    "visible_variance": 8,
    "direction": 6,
    "shared_offset": 6,
    "scale_cm": 4,
    "visible_scale_cm": 4,
}


class SourceFileError(UserError, ValueError):
    """Annotations that cannot be relabelled. The message names the file, what is wrong with it and
    the remedy."""


@dataclasses.dataclass(frozen=True)
class RenderedSplit:
    """The annotations of a rendered split.

    Attributes:
        path: its file.
        content: the COCO dictionary.
        crc32: of the file.
    """

    path: Path
    content: dict
    crc32: int

    @staticmethod
    def load(folder: str | Path, split: str, surface: Surface) -> RenderedSplit:
        """Read ``<folder>/<split>.json``.

        Raises:
            SourceFileError: it is missing, does not belong to a rendered data set, or was made with
                another surface.
        """
        path = Path(folder) / f"{split}.json"
        remedy = "make the data set with `python tools/make_synthetic_dataset.py`"
        if not path.is_file():
            raise SourceFileError(f"{path}: no such file; {remedy}")
        raw = path.read_bytes()
        try:
            content = json.loads(raw)
        except NOT_JSON as error:
            raise SourceFileError(f"{path}: not JSON ({error}); {remedy}") from error
        info = content.get("info") if isinstance(content, dict) else None
        if not isinstance(info, dict) or "noise_model" not in info:
            raise SourceFileError(f"{path}: not the annotations of a rendered data set; {remedy}")
        if info["surface_crc32"] != surface_crc32(surface):
            raise SourceFileError(
                f"{path}: made with another surface than the one given ('{info['surface']}' then, "
                f"'{surface.name}' now); give the data set's own with --surface"
            )
        return RenderedSplit(path, content, zlib.crc32(raw))

    @property
    def num_people(self) -> int:
        """Annotated people, with points or without."""
        return len(self.content["annotations"])


def write_worlds(
    folder: Path, splits: Sequence[str], names: Sequence[str], seed: int, surface_file: Path
) -> Iterator[Path]:
    """Write the annotations of worlds beside those of a rendered data set, with progress bars.

    Args:
        folder: of the data set.
        splits: of the data set, such as ``train``.
        names: of worlds.
        seed: of the annotators, at least 0.
        surface_file: the surface that the data set was made with.

    Yields:
        each file, when it is written.

    Raises:
        SurfaceFileError: of the surface.
        SourceFileError, AnnotationFileError: as `RenderedSplit.load` and `write_world`.
    """
    surface = Surface.load(surface_file)
    worlds = {name: find_world(name)(surface) for name in names}
    for split in splits:
        source = RenderedSplit.load(folder, split, surface)
        for name, world in worlds.items():
            with tqdm(
                total=source.num_people, desc=f"{split} {name}", unit="person", disable=None
            ) as bar:
                path = write_world(source, name, world, seed, bar.update)
            yield path


def write_world(
    source: RenderedSplit,
    name: str,
    world: World,
    seed: int = 0,
    progress: Callable[[], object] = lambda: None,
) -> Path:
    """Write the annotations of a world beside those of the rendered data set, atomically.

    Labels depend on the seed and the annotation's id alone: not on the order of annotations, nor on
    the other worlds.

    Args:
        source: the rendered split; stays as it is.
        name: of the world; `worlds.WORLDS` makes it.
        world: itself.
        seed: of the annotators, at least 0.
        progress: called after every person.

    Returns:
        the file.

    Raises:
        AnnotationFileError: an annotation has points without the truth or without the rendered
            noise's parameters. The message names the file, the annotation and the field.
    """
    find_world(name)
    annotations = []
    for annotation in source.content["annotations"]:
        annotations.append(_relabelled(annotation, source.path, world, seed))
        progress()
    path = source.path.with_name(world_file_name(source.path.stem, name))
    content = coco_content(
        _info(source, name, world, seed, annotations),
        source.content["categories"],
        source.content["images"],
        annotations,
    )
    write_atomically(path, content)
    return path


def _relabelled(annotation: dict, path: Path, world: World, seed: int) -> dict:
    try:
        points = read_true_points(annotation)
    except AnnotationError as error:
        raise AnnotationFileError(f"{path}: annotation {annotation['id']}: {error}") from error
    if points is None:
        return annotation
    labels = world.relabel(points, seed)
    changed = annotation | {
        "dp_I": labels.part.tolist(),
        "dp_U": np.round(labels.uv[:, 0], 5).tolist(),
        "dp_V": np.round(labels.uv[:, 1], 5).tolist(),
    }
    if world.changes_parts:
        changed[TRUE_PART_FIELD] = points.part.tolist()
    changed["dp_noise"] = {name: _as_json(name, value) for name, value in labels.noise.items()}
    return changed


def _as_json(name: str, value: np.ndarray | int) -> list | int:
    if not isinstance(value, np.ndarray):
        return value
    return (np.round(value, _DIGITS[name]) if value.dtype.kind == "f" else value).tolist()


def read_true_points(annotation: dict) -> TruePoints | None:
    """The points of an annotation of a rendered data set; None if it has none.

    Raises:
        AnnotationError: the truth or the rendered noise's parameters are missing or malformed.
    """
    labelled = read_labelled_points(annotation, read_box(annotation))
    if labelled is None:
        return None
    for field in TRUE_FIELDS:
        if field not in annotation:
            raise AnnotationError(field, "is missing; only rendered people can be relabelled")
    count = len(labelled.part)
    noise = annotation.get("dp_noise")
    if not isinstance(noise, dict):
        raise AnnotationError("dp_noise", "is missing; only rendered people can be relabelled")

    def column(name: str, shape: tuple[int, ...]) -> np.ndarray:
        try:
            values = np.array(noise.get(name), dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise AnnotationError("dp_noise", f"has a malformed '{name}'") from error
        if values.shape != shape or not np.isfinite(values).all():
            raise AnnotationError("dp_noise", f"has no '{name}' of {count} points")
        return values

    return TruePoints(
        annotation_id=annotation["id"],
        part=labelled.part,
        uv=labelled.uv_true,
        variance=column("variance", (count,)),
        direction=column("direction", (count, 2)),
        rendered_shared_variance=column("shared_variance", (count,)),
    )


def _info(
    source: RenderedSplit, name: str, world: World, seed: int, annotations: list[dict]
) -> dict:
    info = source.content["info"]
    statistics = {key: info["statistics"][key] for key in _KEPT_STATISTICS}
    if world.changes_parts:
        labelled = [a for a in annotations if TRUE_PART_FIELD in a]
        changed = [
            part != true
            for a in labelled
            for part, true in zip(a["dp_I"], a[TRUE_PART_FIELD], strict=True)
        ]
        statistics["changed_part_share"] = round(sum(changed) / max(len(changed), 1), 5)
    fields = "; ".join(f"{field}: {meaning}" for field, meaning in world.noise_fields.items())
    return info | {
        "conventions": info["conventions"] | {"dp_noise": fields},
        "statistics": statistics,
        "noise_world": {
            "name": name,
            "seed": seed,
            "source": source.path.name,
            "source_crc32": source.crc32,
            **world.parameters(),
        },
    }

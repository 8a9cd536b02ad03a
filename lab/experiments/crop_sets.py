"""The sets of an experiment: crops of people with their labels of one noise world.

Training and validation people are those of `train`: the images that come last in its file, a stated
share, are the validation set. Test people are those of `val`.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from uncertain_densepose.data.coco_densepose import check_point_annotation
from uncertain_densepose.inside import LeadsOutError, plain_path
from uncertain_densepose.structures import PointAnnotations
from uncertain_densepose.structures.chart_mirror import ChartMirror
from uncertain_densepose.structures.coco_annotation import (
    TRUE_FIELDS,
    TRUE_PART_FIELD,
    AnnotationFileError,
)
from uncertain_densepose.structures.point_annotations import MASK_SIZE
from uncertain_densepose.surface.parts import FLIP_COARSE_PARTS

from .crops import CropSource, load_crops

_FLIP_COARSE_PARTS = torch.from_numpy(FLIP_COARSE_PARTS.astype("uint8"))


@dataclass(frozen=True)
class CropLabels:
    """The P annotated points of N people, those of a person in succession.

    Attributes:
        first: (N + 1,) int64, where each person's points begin, and P.
        xy: (P, 2) float32, `dp_x` and `dp_y`.
        part, part_true: (P,) int64 charts 1..24, as labelled and as they are.
        uv, uv_true: (P, 2) float32 chart units, in `part` and in `part_true`.
        shared_variance: (P,) float32 variance per direction of the error that the labels of a
            person and part share, chart units²; None in a world without.
    """

    first: torch.Tensor
    xy: torch.Tensor
    part: torch.Tensor
    uv: torch.Tensor
    part_true: torch.Tensor
    uv_true: torch.Tensor
    shared_variance: torch.Tensor | None

    def __len__(self) -> int:
        return len(self.first) - 1

    @property
    def person(self) -> torch.Tensor:
        """(P,) int64 in 0..N-1."""
        return torch.repeat_interleave(torch.arange(len(self)), self.first.diff())

    def people(self, start: int, stop: int) -> CropLabels:
        """The people start..stop-1."""
        first = self.first[start : stop + 1]
        rows = slice(int(first[0]), int(first[-1]))
        points = {
            field.name: value[rows]
            for field in dataclasses.fields(self)
            if field.name != "first" and (value := getattr(self, field.name)) is not None
        }
        return dataclasses.replace(self, first=first - first[0], **points)

    def of_person(self, person: int, coarse_segm: torch.Tensor) -> PointAnnotations:
        """The labels of one person as a data set mapper gives them.

        Args:
            person: 0..N-1.
            coarse_segm: (S, S) uint8 of the same crop.
        """
        rows = slice(int(self.first[person]), int(self.first[person + 1]))
        segm = F.interpolate(coarse_segm[None, None], (MASK_SIZE, MASK_SIZE), mode="nearest")
        return PointAnnotations(self.xy[rows], self.part[rows], self.uv[rows], segm[0, 0])

    def mirrored(self, mirror: ChartMirror, extent: float) -> CropLabels:
        """The labels in the mirrored crops.

        Args:
            mirror: of the charts.
            extent: the `dp_x` of the far edge of a box.
        """
        return dataclasses.replace(
            self,
            xy=torch.stack([extent - self.xy[:, 0], self.xy[:, 1]], dim=1),
            part=mirror.part(self.part),
            uv=mirror.uv(self.part, self.uv),
            part_true=mirror.part(self.part_true),
            uv_true=mirror.uv(self.part_true, self.uv_true),
        )


@dataclass(frozen=True)
class CropSet:
    """People of one split and world.

    Attributes:
        image: (N, 3, S, S) uint8 RGB.
        coarse_segm: (N, S, S) uint8.
        labels: of the N people.
    """

    image: torch.Tensor
    coarse_segm: torch.Tensor
    labels: CropLabels

    def __len__(self) -> int:
        return len(self.image)

    def people(self, start: int, stop: int) -> CropSet:
        """The people start..stop-1."""
        rows = slice(start, stop)
        return CropSet(self.image[rows], self.coarse_segm[rows], self.labels.people(start, stop))


def mirrored_pixels(
    image: torch.Tensor, coarse_segm: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """A crop (3, S, S) and its coarse parts (S, S) in a mirror."""
    return image.flip(-1), _FLIP_COARSE_PARTS[coarse_segm.flip(-1).long()]


def load_sets(
    folder: Path, world: str, side: int, validation_share: float
) -> tuple[CropSet, CropSet, CropSet]:
    """Training, validation and test set of a noise world.

    Args:
        folder: of the synthetic data set; crops are kept in its subfolder `crops`.
        world: name of the noise world, whose annotations are `<split>_<world>.json`.
        side: S, pixels.
        validation_share: share of the images of `train` that validate.

    Raises:
        FileNotFoundError: the world or a picture is missing.
        ImageError: a picture is damaged.
        AnnotationFileError: annotations are malformed, or without the truth.
    """
    everybody, image_id = load_split(folder, "train", world, side)
    num_train = num_before_last_images(image_id, validation_share)
    test, _ = load_split(folder, "val", world, side)
    train, validation = everybody.people(0, num_train), everybody.people(num_train, len(everybody))
    return train, validation, test


def annotation_file(folder: Path, split: str, world: str) -> Path:
    """The annotation file of a split in a world.

    Raises:
        FileNotFoundError: it does not exist.
    """
    file = Path(folder) / f"{split}_{world}.json"
    if not file.exists():
        raise FileNotFoundError(
            f"noise world {world!r} needs {file}, which is missing; make it with "
            f"`python tools/relabel_synthetic_dataset.py --data {folder}`"
        )
    return file


def _picture(folder: Path, image: dict, file: Path) -> Path:
    """The picture of an image of a data set.

    Raises:
        AnnotationFileError: its name leads out of the folder of pictures.
    """
    try:
        return Path(folder) / "images" / plain_path(image["file_name"])
    except LeadsOutError as error:
        raise AnnotationFileError(f"{file}: image {image['id']}: 'file_name' {error}") from error


def load_split(folder: Path, split: str, world: str, side: int) -> tuple[CropSet, np.ndarray]:
    """The people of a file and the (N,) ids of their images, those of an image in succession.

    Arguments and errors as for :func:`load_sets`.
    """
    file = annotation_file(folder, split, world)
    content = json.loads(file.read_bytes())
    pictures = {image["id"]: _picture(folder, image, file) for image in content["images"]}
    labelled = [a for a in content["annotations"] if a.get("dp_x") and not a.get("iscrowd", 0)]
    labelled.sort(key=lambda a: a["image_id"])
    people = [
        CropSource(
            annotation_id=annotation["id"],
            image_id=annotation["image_id"],
            file=pictures[annotation["image_id"]],
            box=tuple(annotation["bbox"]),
            masks=annotation["dp_masks"],
        )
        for annotation in labelled
    ]
    crops = load_crops(Path(folder) / "crops" / f"{split}_{side}.npz", people, side)
    return (
        CropSet(
            image=torch.from_numpy(crops.image).permute(0, 3, 1, 2),
            coarse_segm=torch.from_numpy(crops.coarse_segm),
            labels=read_labels(labelled, str(file)),
        ),
        crops.image_id,
    )


def read_labels(annotations: Sequence[dict], source: str) -> CropLabels:
    """The labels of people, in their order.

    Args:
        annotations: COCO annotations with points and their true coordinates.
        source: names the file in errors.

    Raises:
        AnnotationFileError: naming the file, the annotation and the field.
    """
    people = [_person_columns(annotation, source) for annotation in annotations]

    def column(name: str) -> torch.Tensor:
        return torch.from_numpy(np.concatenate([columns[name] for columns in people]))

    shared = None
    if all("shared_variance" in columns for columns in people):
        shared = column("shared_variance")
    return CropLabels(
        first=torch.from_numpy(np.cumsum([0, *(len(columns["part"]) for columns in people)])),
        xy=column("xy"),
        part=column("part"),
        uv=column("uv"),
        part_true=column("part_true"),
        uv_true=column("uv_true"),
        shared_variance=shared if shared is not None and shared.any() else None,
    )


def _person_columns(annotation: dict, source: str) -> dict[str, np.ndarray]:
    """Rows for the points of one person, by the names of :class:`CropLabels`."""
    check_point_annotation(annotation, source)
    part = annotation["dp_I"]
    columns = {
        "xy": [annotation["dp_x"], annotation["dp_y"]],
        "uv": [annotation["dp_U"], annotation["dp_V"]],
        "uv_true": [annotation.get(field) for field in TRUE_FIELDS],
        "part": part,
        "part_true": annotation.get(TRUE_PART_FIELD, part),
    }
    shared = annotation.get("dp_noise", {}).get("shared_variance")
    if shared is not None:
        columns["shared_variance"] = shared
    if None in columns["uv_true"] or any(
        np.shape(values)[-1:] != (len(part),) for values in columns.values()
    ):
        raise AnnotationFileError(
            f"{source}: annotation {annotation['id']}: lacks the truth of some points; the "
            f"experiment is measured against it. {', '.join(TRUE_FIELDS)} must have one value per "
            f"point, and so must {TRUE_PART_FIELD} and dp_noise.shared_variance if present"
        )
    return {
        name: np.array(values, dtype=np.int64 if name.startswith("part") else np.float32).T
        for name, values in columns.items()
    }


def num_before_last_images(image_id: np.ndarray, share: float) -> int:
    """The number of people who come before those of the last images.

    Args:
        image_id: (N,) image of each person, people of one image in succession.
        share: of the images that are the last ones, rounded to whole images.
    """
    images = np.unique(image_id)
    last = images[len(images) - round(share * len(images)) :]
    return int((~np.isin(image_id, last)).sum())

"""The annotations of a data set as evaluation reads them: arrays, one set an image."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from types import MappingProxyType
from typing import cast

import numpy as np
from detectron2.data import MetadataCatalog
from detectron2.utils.file_io import PathManager
from detectron2.utils.logger import log_first_n

from ...data.annotation_checks import Purpose, Screened
from ...data.annotation_checks.mask_checks import has_any_mask
from ...data.annotation_file import read_screened
from ...structures.coco_annotation import (
    AnnotationError,
    AnnotationFileError,
    read_box,
    read_labelled_points,
)
from .person_mask import PersonMask, read_person_mask
from .visibility import point_visibility, read_visibility


@dataclass(frozen=True)
class AnnotatedImage:
    """The G people of an image and their P annotated points. Arrays are made read-only.

    Attributes:
        image_id: as in the annotation file.
        height, width: pixels.
        annotation_id: (G,) int64, not always unique: COCO's minival lists repeat some.
        category: (G,) int64, 0: people are the one category that is evaluated.
        boxes: (G, 4) float64, XYWH pixels.
        area: (G,) float64, pixels², by which COCO distinguishes medium and large people.
        iscrowd: (G,) bool.
        masks: G encoded masks; None for an ignored person without one.
        person: (P,) int64 in 0..G-1, the person that a point belongs to.
        xy: (P, 2) float64, pixels.
        part: (P,) int64, charts 1..24.
        uv: (P, 2) float64, chart units, as annotated.
        uv_true: (P, 2) float64, chart units without the annotator's error; NaN where unknown.
        part_true: (P,) int64, the charts of `uv_true`.
        visibility: (P,) uint8, an index of `VISIBILITY_NAMES`, or `visibility.UNKNOWN`.
    """

    image_id: int
    height: int
    width: int
    annotation_id: np.ndarray
    category: np.ndarray
    boxes: np.ndarray
    area: np.ndarray
    iscrowd: np.ndarray
    masks: tuple[PersonMask | None, ...]
    person: np.ndarray
    xy: np.ndarray
    part: np.ndarray
    uv: np.ndarray
    uv_true: np.ndarray
    part_true: np.ndarray
    visibility: np.ndarray

    def __post_init__(self):
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, np.ndarray):
                value.flags.writeable = False

    @property
    def num_people(self) -> int:
        """G."""
        return len(self.annotation_id)

    @property
    def num_points(self) -> np.ndarray:
        """(G,) int64, the number of points of each person."""
        return np.bincount(self.person, minlength=self.num_people)

    @property
    def counted(self) -> np.ndarray:
        """(P,) bool, False for points of crowds."""
        return ~self.iscrowd[self.person]

    @property
    def ignored(self) -> np.ndarray:
        """(G,) bool, people who need not be found and do not count: crowds, and people without
        points."""
        return self.iscrowd | (self.num_points == 0)


@dataclass(frozen=True, eq=False)
class GroundTruth:
    """All annotated images of one file. Those who read the same file share one, which is constant.

    Attributes:
        json_file: path of the file, for messages.
        images: the annotated images by id.
        categories: the id of the category of people to its contiguous number, 0.
        other_categories: the ids of the file's other categories, which are not evaluated.
        left_out: the ids of images that are not evaluated.
    """

    json_file: str
    images: Mapping[int, AnnotatedImage] = field(repr=False)
    categories: Mapping[int, int]
    other_categories: frozenset[int] = frozenset()
    left_out: frozenset[int] = frozenset()

    def __post_init__(self):
        for name in ("images", "categories"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def __len__(self) -> int:
        return len(self.images)

    def __iter__(self) -> Iterator[AnnotatedImage]:
        return iter(self.images.values())

    def __contains__(self, image_id: int) -> bool:
        return image_id in self.images

    def __getitem__(self, image_id: int) -> AnnotatedImage:
        """The annotations of an image.

        Raises:
            AnnotationFileError: the file has no such image.
        """
        if image_id not in self.images:
            raise AnnotationFileError(
                f"{self.json_file}: no image with id {image_id!r}; the predicted images and the"
                " annotations belong to different data sets"
            )
        return self.images[image_id]

    @staticmethod
    def load(json_file: str | os.PathLike) -> GroundTruth:
        """Read a COCO file with DensePose annotations.

        Of it is used what `data.annotation_checks` keep, as in training; what they leave out is
        logged with its number. The last two files are kept in memory, and read again once they
        have changed, by size or time of modification.

        Raises:
            FileNotFoundError: there is no such file.
            AnnotationFileError: the file is not JSON, or a check is fatal. The message names the
                file, what is wrong, and the ids.
        """
        json_file = str(json_file)
        path = os.path.realpath(PathManager.get_local_path(json_file))
        status = os.stat(path)
        return _load(json_file, path, status.st_size, status.st_mtime_ns)

    @staticmethod
    def of_screened(json_file: str | os.PathLike, content: dict, screened: Screened) -> GroundTruth:
        """The annotations of a file that has been read; see `load`.

        Args:
            json_file: its path, for messages.
            content, screened: of `data.annotation_file.read_screened`.

        Raises:
            AnnotationFileError: an annotation cannot be used.
        """
        json_file = str(json_file)
        summary = screened.report.summary(Purpose.EVALUATION)
        log_first_n(logging.INFO, f"evaluation of {json_file}: {summary}", key="message")
        images = {
            image["id"]: _annotated_image(json_file, image, screened.everybody[image["id"]])
            for image in screened.images
        }
        # A file without a category of people has been refused.
        person = cast(int, screened.person_category)
        return GroundTruth(
            json_file,
            images,
            {person: 0},
            frozenset(one["id"] for one in content["categories"]) - {person},
            frozenset(one["id"] for one in content["images"]) - images.keys(),
        )

    @staticmethod
    def of_dataset(dataset_name: str) -> GroundTruth:
        """Read the annotation file of a registered data set.

        Raises:
            AnnotationFileError: the data set is not registered with a `json_file`, and as `load`.
        """
        json_file = MetadataCatalog.get(dataset_name).get("json_file")
        if json_file is None:
            raise AnnotationFileError(
                f"data set '{dataset_name}': its metadata have no 'json_file'; set it with"
                f" MetadataCatalog.get('{dataset_name}').set(json_file=...)"
            )
        return GroundTruth.load(PathManager.get_local_path(os.fspath(json_file)))


# Every evaluator of a data set asks for its file, and one for a training set between them.
@lru_cache(maxsize=2)
def _load(json_file: str, path: str, size: int, changed_ns: int) -> GroundTruth:
    """See `GroundTruth.load`; size and time are those of the file at `path`."""
    return GroundTruth.of_screened(json_file, *read_screened(json_file, Purpose.EVALUATION))


def _annotated_image(json_file: str, image: dict, annotations: list[dict]) -> AnnotatedImage:
    """The arrays of an image and its people, both as the checks keep them."""
    height, width = image["height"], image["width"]
    boxes, points, masks, visibility = [], [], [], []
    for annotation in annotations:
        try:
            boxes.append(read_box(annotation))
            masks.append(_read_mask_if_there_is_one(annotation, boxes[-1], height, width))
            # Nobody without a mask has to be found.
            with_points = masks[-1] is not None
            points.append(read_labelled_points(annotation, boxes[-1]) if with_points else None)
            if points[-1] is not None:
                flags = read_visibility(annotation)
                visibility.append(point_visibility(points[-1].part, flags))
        except AnnotationError as error:
            raise AnnotationFileError(
                f"{json_file}: annotation {annotation['id']}: {error}"
            ) from error
    labelled = [(person, values) for person, values in enumerate(points) if values is not None]

    def of_points(name: str, empty: np.ndarray) -> np.ndarray:
        return np.concatenate([empty, *(getattr(values, name) for _, values in labelled)])

    counts = [len(values.part) for _, values in labelled]
    return AnnotatedImage(
        image_id=image["id"],
        height=height,
        width=width,
        annotation_id=np.array([a["id"] for a in annotations], dtype=np.int64),
        category=np.zeros(len(annotations), dtype=np.int64),
        boxes=np.array(boxes, dtype=np.float64).reshape(-1, 4),
        area=np.array([float(a["area"]) for a in annotations]),
        iscrowd=np.array([bool(a["iscrowd"]) for a in annotations], dtype=bool),
        masks=tuple(masks),
        person=np.repeat(np.array([person for person, _ in labelled], dtype=np.int64), counts),
        xy=of_points("xy", np.zeros((0, 2))),
        part=of_points("part", np.zeros(0, dtype=np.int64)),
        uv=of_points("uv", np.zeros((0, 2))),
        uv_true=of_points("uv_true", np.zeros((0, 2))),
        part_true=of_points("part_true", np.zeros(0, dtype=np.int64)),
        visibility=np.concatenate([np.zeros(0, dtype=np.uint8), *visibility]),
    )


def _read_mask_if_there_is_one(
    annotation: dict, box: np.ndarray, height: int, width: int
) -> PersonMask | None:
    if not has_any_mask(annotation):
        return None
    return read_person_mask(annotation, box, height, width)

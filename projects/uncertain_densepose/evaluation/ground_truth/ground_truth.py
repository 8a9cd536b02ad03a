"""The annotations of a data set as evaluation reads them: arrays, one set an image."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from detectron2.data import MetadataCatalog
from detectron2.utils.file_io import PathManager
from pycocotools.coco import COCO

from ...errors import NOT_JSON
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
    """The G people of an image and their P annotated points.

    Attributes:
        image_id: as in the annotation file.
        height, width: pixels.
        annotation_id: (G,) int64, not always unique: COCO's minival lists repeat some.
        category: (G,) int64, contiguous from 0 in the order of the file's category ids.
        boxes: (G, 4) float64, XYWH pixels.
        area: (G,) float64, pixels², by which COCO distinguishes medium and large people.
        iscrowd: (G,) bool.
        masks: G encoded masks; None for an ignored person whose mask cannot be read.
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


class GroundTruth:
    """All annotated images of one file.

    Args:
        json_file: path of the file, for messages.
        images: the annotated images by id.
        categories: category id to its contiguous number, from 0.
    """

    def __init__(
        self, json_file: str, images: dict[int, AnnotatedImage], categories: dict[int, int]
    ):
        self.json_file = json_file
        self.categories = categories
        self._images = images

    def __len__(self) -> int:
        return len(self._images)

    def __iter__(self) -> Iterator[AnnotatedImage]:
        return iter(self._images.values())

    def __contains__(self, image_id: int) -> bool:
        return image_id in self._images

    def __getitem__(self, image_id: int) -> AnnotatedImage:
        """The annotations of an image.

        Raises:
            AnnotationFileError: the file has no such image.
        """
        if image_id not in self._images:
            raise AnnotationFileError(
                f"{self.json_file}: no image with id {image_id!r}; the predicted images and the"
                " annotations belong to different data sets"
            )
        return self._images[image_id]

    @staticmethod
    def load(json_file: str | os.PathLike) -> GroundTruth:
        """Read a COCO file with DensePose annotations and check what evaluation uses.

        Raises:
            FileNotFoundError: there is no such file.
            AnnotationFileError: the file is not in COCO's format, or an annotation is malformed.
                The message names the file, the annotation's id and the field.
        """
        json_file = str(json_file)
        coco = _read_coco(json_file)
        category = {key: index for index, key in enumerate(sorted(coco.getCatIds()))}
        unknown = [a["id"] for a in coco.dataset["annotations"] if a["image_id"] not in coco.imgs]
        if unknown:
            raise AnnotationFileError(
                f"{json_file}: annotation {unknown[0]}: field 'image_id' is not the id of an image"
                " in the file"
            )
        images = {
            image_id: _annotated_image(json_file, image, coco.imgToAnns[image_id], category)
            for image_id, image in sorted(coco.imgs.items())
        }
        return GroundTruth(json_file, images, category)

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


def _read_coco(json_file: str) -> COCO:
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            coco = COCO(json_file)
    except (*NOT_JSON, AssertionError, KeyError, TypeError) as error:
        raise AnnotationFileError(f"{json_file}: not a file in COCO's format ({error})") from error
    for field in ("images", "annotations", "categories"):
        if not isinstance(coco.dataset.get(field), list):
            raise AnnotationFileError(f"{json_file}: not in COCO's format: no list '{field}'")
    for field, index in (("images", coco.imgs), ("categories", coco.cats)):
        if len(index) < len(coco.dataset[field]):
            raise AnnotationFileError(f"{json_file}: field '{field}': an id occurs twice")
    return coco


def _annotated_image(
    json_file: str, image: dict, annotations: list[dict], category: dict[int, int]
) -> AnnotatedImage:
    for field in ("height", "width"):
        if not isinstance(image.get(field), int):
            raise AnnotationFileError(
                f"{json_file}: image {image['id']}: field '{field}' is not an integer"
            )
    height, width = image["height"], image["width"]
    boxes, points, masks, visibility = [], [], [], []
    for annotation in annotations:
        try:
            if annotation.get("category_id") not in category:
                raise AnnotationError("category_id", "is not the id of a category in the file")
            boxes.append(read_box(annotation))
            points.append(read_labelled_points(annotation, boxes[-1]))
            read_mask = read_person_mask if points[-1] is not None else _read_mask_if_legible
            masks.append(read_mask(annotation, boxes[-1], height, width))
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
        category=np.array([category[a["category_id"]] for a in annotations], dtype=np.int64),
        boxes=np.array(boxes, dtype=np.float64).reshape(-1, 4),
        area=np.array([float(a["area"]) for a in annotations]),
        iscrowd=np.array([bool(a.get("iscrowd", 0)) for a in annotations], dtype=bool),
        masks=tuple(masks),
        person=np.repeat(np.array([person for person, _ in labelled], dtype=np.int64), counts),
        xy=of_points("xy", np.zeros((0, 2))),
        part=of_points("part", np.zeros(0, dtype=np.int64)),
        uv=of_points("uv", np.zeros((0, 2))),
        uv_true=of_points("uv_true", np.zeros((0, 2))),
        part_true=of_points("part_true", np.zeros(0, dtype=np.int64)),
        visibility=np.concatenate([np.zeros(0, dtype=np.uint8), *visibility]),
    )


def _read_mask_if_legible(
    annotation: dict, box: np.ndarray, height: int, width: int
) -> PersonMask | None:
    """The mask of a person who need not be found; None if it is missing or malformed."""
    try:
        return read_person_mask(annotation, box, height, width)
    except AnnotationError:
        return None

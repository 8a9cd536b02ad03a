"""COCO files with DensePose's point annotations: registration and reading."""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from detectron2.data import DatasetCatalog, MetadataCatalog
from detectron2.data.datasets.builtin_meta import (
    COCO_PERSON_KEYPOINT_FLIP_MAP,
    COCO_PERSON_KEYPOINT_NAMES,
    KEYPOINT_CONNECTION_RULES,
)
from detectron2.structures import BoxMode

from ..structures import PointAnnotations
from ..structures.coco_annotation import (
    AnnotationError,
    AnnotationFileError,
    read_labelled_points,
    read_part_masks,
)
from ..structures.point_annotations import MASK_SIZE
from ..structures.run_lengths import compressed, decode_mask
from .annotation_checks import Purpose, Screened
from .annotation_checks.screening import LABEL_FIELDS
from .annotation_file import read_screened

# A child of Detectron2's logger, which every train script of Detectron2's sets up.
logger = logging.getLogger(f"detectron2.{__name__}")


def register_densepose_coco(
    name: str,
    json_file: str | os.PathLike,
    image_root: str | os.PathLike,
    surface: str | os.PathLike,
    chart_mirror: str | os.PathLike | None = None,
) -> None:
    """Register your own annotations as a Detectron2 data set; docs/ANNOTATIONS.md has the format.

    Args:
        name: of the data set, as in `DATASETS.TRAIN`.
        json_file: COCO json. image_root: folder of its images.
        surface: the `Surface` file to which its charts belong, from `tools/import_surface.py` or
            `tools/build_surface.py`; evaluation measures distances on it.
        chart_mirror: a file like DensePose's `UV_symmetry_transforms.mat`, needed to flip training
            images; None for a surface whose charts are mirror images of each other.

    Example:
        >>> register_densepose_coco("dancers", "dancers.json", "images", "embedded_surface.npz")
    """
    how_to_get = "check the paths that were given to register_densepose_coco"
    register_densepose_json(name, json_file, image_root, surface, how_to_get, chart_mirror)


def register_densepose_json(
    name: str,
    json_file: str | os.PathLike,
    image_root: str | os.PathLike,
    surface: str | os.PathLike,
    how_to_get: str,
    chart_mirror: str | os.PathLike | None = None,
) -> None:
    """`register_densepose_coco`; `how_to_get` is a sentence for the error if files are missing."""
    loader = functools.partial(load_densepose_json, name, json_file, image_root, how_to_get)
    DatasetCatalog.register(name, loader)
    MetadataCatalog.get(name).set(
        json_file=str(json_file),
        image_root=str(image_root),
        evaluator_type="coco",
        densepose_surface=str(surface),
        densepose_chart_mirror=None if chart_mirror is None else str(chart_mirror),
        keypoint_names=COCO_PERSON_KEYPOINT_NAMES,
        keypoint_flip_map=COCO_PERSON_KEYPOINT_FLIP_MAP,
        keypoint_connection_rules=KEYPOINT_CONNECTION_RULES,
    )


def load_densepose_json(
    name: str, json_file: str | os.PathLike, image_root: str | os.PathLike, how_to_get: str
) -> list[dict]:
    """Read a COCO file into Detectron2's records, without what `annotation_checks` leave out.

    It logs one line of counts and sets the metadata `thing_classes`,
    `thing_dataset_id_to_contiguous_id` and `categories`.

    Args:
        name, json_file, image_root, how_to_get: as for `register_densepose_json`.

    Raises:
        FileNotFoundError: the file or the folder of images is missing.
        AnnotationFileError: the file is not JSON, or a check is fatal.
    """
    for path in (Path(json_file), Path(image_root)):
        if not path.exists():
            raise FileNotFoundError(
                f"data set {name!r} needs {path}, which is missing; {how_to_get}"
            )
    content, screened = read_screened(json_file, Purpose.TRAINING)
    logger.info(
        f"{name}: {screened.report.summary()} (`python tools/check_annotations.py {json_file}`)"
    )
    categories = {category["id"]: category["name"] for category in content["categories"]}
    MetadataCatalog.get(name).set(
        thing_classes=[categories[screened.person_category]],
        thing_dataset_id_to_contiguous_id={screened.person_category: 0},
        categories=categories,
    )
    return _dataset_dicts(screened, str(image_root))


def _dataset_dicts(screened: Screened, image_root: str) -> list[dict]:
    return [
        {
            "file_name": os.path.join(image_root, image["file_name"]),
            "height": image["height"],
            "width": image["width"],
            "image_id": image["id"],
            "annotations": [_dataset_annotation(a) for a in screened.people[image["id"]]],
        }
        for image in screened.images
    ]


def _dataset_annotation(annotation: dict) -> dict:
    """A kept annotation as Detectron2 has it, with the labels of dense pose."""
    kept = {key: annotation[key] for key in ("id", "bbox", *LABEL_FIELDS) if key in annotation}
    kept |= {"category_id": 0, "iscrowd": 0, "bbox_mode": BoxMode.XYWH_ABS}
    segmentation = annotation.get("segmentation")
    if segmentation:
        is_encoded = isinstance(segmentation, dict)
        kept["segmentation"] = compressed(segmentation) if is_encoded else segmentation
    if "keypoints" in annotation:
        # COCO gives the index of the pixel, Detectron2 the position.
        kept["keypoints"] = [
            value if place % 3 == 2 else value + 0.5
            for place, value in enumerate(annotation["keypoints"])
        ]
    return kept


def check_point_annotation(annotation: dict, source: str) -> None:
    """Refuse malformed points of one person, where nothing may be left out, as in experiments.

    Args:
        annotation: of a COCO file; one without any `dp_*` key passes.
        source: the file, for the error.

    Raises:
        AnnotationFileError: a field is missing or malformed.
    """
    try:
        read_labelled_points(annotation, np.asarray(annotation["bbox"]))
        read_part_masks(annotation)
    except AnnotationError as error:
        raise AnnotationFileError(f"{source}: annotation {annotation['id']}: {error}") from error


def read_point_annotations(annotation: Mapping) -> PointAnnotations | None:
    """The points of a checked annotation; None for a person without points."""
    if "dp_x" not in annotation:
        return None

    def pair(first: str, second: str) -> torch.Tensor:
        columns = np.asarray([annotation[first], annotation[second]], dtype=np.float32)
        return torch.from_numpy(np.ascontiguousarray(columns.T))

    return PointAnnotations(
        xy=pair("dp_x", "dp_y"),
        part=torch.from_numpy(np.asarray(annotation["dp_I"], dtype=np.int64)),
        uv=pair("dp_U", "dp_V"),
        coarse_segm=_decode_part_masks(annotation.get("dp_masks")),
    )


def _decode_part_masks(masks: list | dict | None) -> torch.Tensor | None:
    """(256, 256) uint8 coarse parts 0..14; 1 in a mask of the whole person. None without masks."""
    if not masks or not any(masks):
        return None
    segm = np.zeros((MASK_SIZE, MASK_SIZE), dtype=np.uint8)
    for part, mask in enumerate([masks] if isinstance(masks, dict) else masks, start=1):
        if mask:
            segm[decode_mask(mask)] = part
    return torch.from_numpy(segm)

"""Box AP of people, by Detectron2's evaluator."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from detectron2.data import MetadataCatalog
from detectron2.evaluation import COCOEvaluator

from .ground_truth import GroundTruth


class PersonBoxEvaluator(COCOEvaluator):
    """`COCOEvaluator` of the people of a data set, as the other evaluators read them.

    Detectron2's own takes the file as it is: other categories, which nobody detects, then count as
    found with an AP of 0, annotations without `area` or `iscrowd` stop it, and of annotations with
    the same id all but one are lost.

    Args:
        dataset_name: registered with `json_file` in its metadata.
        options: of `COCOEvaluator`; by default `tasks` are boxes alone.

    Raises:
        AnnotationFileError: see `GroundTruth.of_dataset`.
    """

    def __init__(self, dataset_name: str, **options: Any):
        people = GroundTruth.of_dataset(dataset_name)
        # It reads a file that metadata name, and only while it is made.
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "people.json")
            path.write_text(json.dumps(coco_boxes(people)))
            name = str(path)
            MetadataCatalog.get(name).set(
                json_file=name,
                thing_classes=["person"],
                thing_dataset_id_to_contiguous_id=people.categories,
            )
            try:
                super().__init__(name, **{"tasks": ("bbox",)} | options)
            finally:
                MetadataCatalog.pop(name)


def coco_boxes(people: GroundTruth) -> dict:
    """The boxes of all people as the content of a COCO file; ids count from 1, in their order."""
    (category,) = people.categories
    annotations = [
        {
            "image_id": image.image_id,
            "category_id": category,
            "bbox": box,
            "area": area,
            "iscrowd": int(crowd),
        }
        for image in people
        for box, area, crowd in zip(
            image.boxes.tolist(), image.area.tolist(), image.iscrowd, strict=True
        )
    ]
    return {
        "images": [
            {"id": image.image_id, "height": image.height, "width": image.width} for image in people
        ],
        "categories": [{"id": category, "name": "person"}],
        # `COCOeval` takes an id of 0 for no match.
        "annotations": [{"id": key, **one} for key, one in enumerate(annotations, start=1)],
    }

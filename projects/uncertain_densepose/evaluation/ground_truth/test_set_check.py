"""The check of test sets before a training, so that it does not end in an evaluation that fails."""

from __future__ import annotations

from collections.abc import Iterable

from detectron2.data import DatasetCatalog

from ...data.picture_header import picture_fault
from ...structures.coco_annotation import AnnotationFileError
from .ground_truth import GroundTruth


def check_test_sets(dataset_names: Iterable[str]) -> None:
    """Read data sets as evaluation will, and look at the header and the end of every picture.

    Args:
        dataset_names: as registered, with `json_file` in their metadata.

    Raises:
        FileNotFoundError: an annotation file or a folder of images is missing.
        AnnotationFileError: a data set cannot be evaluated. The message is one line that names the
            file, what is wrong, and where.
    """
    for name in dataset_names:
        records = DatasetCatalog.get(name)
        truth = GroundTruth.of_dataset(name)
        if not records:
            raise AnnotationFileError(f"{truth.json_file}: there are no images to evaluate")
        for record in records:
            image = truth[record["image_id"]]
            fault = picture_fault(record["file_name"], image.width, image.height)
            if fault:
                raise AnnotationFileError(f"{truth.json_file}: image {image.image_id}: {fault}")

"""Results for other programs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...atomic_file import replacing
from ...checkpoint import sha256_of
from ...inference import (
    Person,
    SourceImage,
    VideoFile,
    coco_category_id,
    coco_image_ids,
    coco_results,
    result_records,
    save_people,
    write_coco_results,
)
from ..image_run import ImageResults
from .action import Action, ActionError


@dataclass(frozen=True)
class DumpFormat:
    """A format of results.

    Attributes:
        list_name: the JSON file that lists the people of all images.
        write: called as `write(out, image, image_id, (height, width), people)`; writes the files of
            one image and returns their names, and the people's records for the list.
    """

    list_name: str
    write: Callable[
        [Path, SourceImage, int | str, tuple[int, int], list[Person]], tuple[list[str], list[dict]]
    ]


def _maps(out, image, image_id, size, people):
    name = f"{image.name}.npz"
    (out / name).parent.mkdir(parents=True, exist_ok=True)
    save_people(out / name, people, size)
    return [name], result_records(people, str(image.path), name, image.frame)


def _coco(out, image, image_id, size, people):
    return [], coco_results(people, image_id)


DUMP_FORMATS = {
    "npz": DumpFormat("predictions.json", _maps),
    "coco": DumpFormat("coco_results.json", _coco),
}
"""By name: files of `inference.save_people`, and records of `inference.coco_results`."""


class Dump(Action):
    """Writes the people of every image in one or more of `DUMP_FORMATS`.

    Args:
        out: the output folder.
        formats: names in `DUMP_FORMATS`.
        annotations: a COCO file with the ids of images and of the category of people to use in the
            results; by default an image's id is its name, and people's category COCO's.
    """

    def __init__(
        self, out: Path, formats: Sequence[str] = ("npz",), annotations: Path | None = None
    ):
        super().__init__(out)
        self._formats = {name: DUMP_FORMATS[name] for name in sorted(set(formats))}
        self._annotations = annotations
        self._image_ids: dict[Path, int | str] = {}
        self._category: dict[str, int] = {}

    def take_sources(self, sources):
        """See :meth:`Action.take_sources`.

        Raises:
            ActionError: annotations are given without the coco format, or together with a video.
            FileNotFoundError, AnnotationFileError: see `inference.coco_image_ids` and
                `inference.coco_category_id`.
        """
        if self._annotations is None:
            return
        if "coco" not in self._formats:
            raise ActionError(f"{self._annotations}: --annotations is for --format coco only")
        video = next((source for source in sources if isinstance(source, VideoFile)), None)
        if video is not None:
            raise ActionError(f"{video.path}: video frames have no ids in --annotations")
        self._image_ids = coco_image_ids(self._annotations, (one.path for one in sources))
        self._category = {"category_id": coco_category_id(self._annotations)}

    @property
    def settings(self):
        ids = None if self._annotations is None else sha256_of(self._annotations)
        return {"formats": list(self._formats), "annotations_sha256": ids}

    def write(self, image, pixels, people):
        image_id = self._image_ids.get(image.path, image.name)
        outputs, records = [], {}
        for kind in self._formats.values():
            names, of_image = kind.write(self.out, image, image_id, pixels.shape[:2], people)
            outputs += names
            records[kind.list_name] = of_image
        return ImageResults(outputs, [records])

    def finish(self, folder, sources):
        lists = [self.out / kind.list_name for kind in self._formats.values()]
        for path in lists:
            each = (records[path.name] for records in folder.records())
            with replacing(path) as temporary:
                everybody = (record | self._category for people in each for record in people)
                write_coco_results(temporary, everybody)
        return lists

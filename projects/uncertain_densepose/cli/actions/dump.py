"""Results for other programs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...atomic_file import replacing
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
from ...inference.picture_maps import draw_iuv, draw_parts, draw_person_index
from ...visualization.palette import DENSEPOSE_COLOURS
from ...weights_file import sha256_of
from ..image_run import ImageResults
from .action import Action, ActionError, write_png


@dataclass(frozen=True)
class DumpFormat:
    """A format of results.

    Attributes:
        write: called as `write(out, image, image_id, pixels, people)`, pixels (H, W, 3) uint8 BGR;
            writes the files of one image and returns their names, and the people's records for the
            list.
        list_name: the JSON file that lists the people of all images, if any.
        ending: of the name of an image's file, after the image's name; "" without such a file.
    """

    write: Callable[
        [Path, SourceImage, int | str, np.ndarray, list[Person]], tuple[list[str], list[dict]]
    ]
    list_name: str | None = None
    ending: str = ""


def _maps(out, image, image_id, pixels, people):
    name = f"{image.name}.npz"
    (out / name).parent.mkdir(parents=True, exist_ok=True)
    save_people(out / name, people, pixels.shape[:2])
    return [name], result_records(people, str(image.path), name, image.frame, image.time_s)


def _coco(out, image, image_id, pixels, people):
    return [], coco_results(people, image_id)


def _picture(suffix: str, draw: Callable[[list[Person], np.ndarray], np.ndarray]) -> DumpFormat:
    """NAME<suffix>, drawn from the people and the pixels of the picture."""

    def write(out, image, image_id, pixels, people):
        name = f"{image.name}{suffix}"
        write_png(out / name, draw(people, pixels))
        return [name], []

    return DumpFormat(write, ending=suffix)


def _in_colours(people: list[Person], pixels: np.ndarray) -> np.ndarray:
    return DENSEPOSE_COLOURS[:, ::-1][draw_parts(people, pixels.shape[:2])]


def _cutout(people: list[Person], pixels: np.ndarray) -> np.ndarray:
    cut = np.zeros((*pixels.shape[:2], 4), np.uint8)
    cut[..., :3] = pixels
    cut[..., 3] = np.where(draw_parts(people, pixels.shape[:2]) > 0, np.uint8(255), np.uint8(0))
    return cut


DUMP_FORMATS = {
    "npz": DumpFormat(_maps, "predictions.json", ".npz"),
    "coco": DumpFormat(_coco, "coco_results.json"),
    "iuv": _picture("_IUV.png", lambda people, pixels: draw_iuv(people, pixels.shape[:2])),
    "inds": _picture(
        "_INDS.png", lambda people, pixels: draw_person_index(people, pixels.shape[:2])
    ),
    "parts": _picture("_parts.png", _in_colours),
    "cutout": _picture("_cutout.png", _cutout),
}
"""By name: files of `inference.save_people`, records of `inference.coco_results`, and pictures of
`inference.picture_maps`."""


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
        self.longest_ending = max((kind.ending for kind in self._formats.values()), key=len)
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
            names, of_image = kind.write(self.out, image, image_id, pixels, people)
            outputs += names
            if kind.list_name is not None:
                records[kind.list_name] = of_image
        return ImageResults(outputs, [records])

    def finish(self, folder, sources):
        lists = [self.out / kind.list_name for kind in self._formats.values() if kind.list_name]
        for path in lists:
            each = (records[path.name] for records in folder.records())
            with replacing(path) as temporary:
                everybody = (record | self._category for people in each for record in people)
                write_coco_results(temporary, everybody)
        return lists

"""Records of the people of many images, and the images' ids in COCO annotation files."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from ..data.annotation_checks import person_category
from ..data.annotation_file import read_annotation_file
from ..errors import NOT_JSON, is_url, missing
from ..structures.coco_annotation import AnnotationFileError
from .coco_results import PERSON_CATEGORY_ID
from .dense_person import DensePerson


def result_records(
    people: Sequence[DensePerson],
    image_name: str,
    maps_name: str,
    frame: int | None = None,
    time_s: float | None = None,
) -> list[dict]:
    """One record a person, ready for `json.dump`.

    Args:
        people: found in one image.
        image_name: path of the image or video, as written to the records.
        maps_name: path of the file of :func:`people_file.save_people`, likewise.
        frame: the number of the frame, if the file is a video.
        time_s: when the video shows it, seconds since its first frame.

    Returns:
        Dicts with `file_name`, `frame` and `time_s` (if given), `category_id`, `bbox` (x, y, width,
        height in pixels), `score`, `maps` (the file), `person` (the index in that file) and
        `window` (x0, y0, x1, y1 in pixels).
    """
    records = []
    for index, person in enumerate(people):
        x0, y0, x1, y1 = (float(edge) for edge in person.box_xyxy)
        records.append(
            {
                "file_name": image_name,
                **({} if frame is None else {"frame": frame}),
                **({} if time_s is None else {"time_s": time_s}),
                "category_id": PERSON_CATEGORY_ID,
                "bbox": [x0, y0, x1 - x0, y1 - y0],
                "score": person.score,
                "maps": maps_name,
                "person": index,
                "window": list(person.window),
            }
        )
    return records


def coco_image_ids(json_file: str | os.PathLike, paths: Iterable[Path]) -> dict[Path, int | str]:
    """Look up the ids of images in an annotation file.

    An image matches the entry whose `file_name`, folders included, is the end of the image's path.

    Args:
        json_file: in COCO's format.
        paths: of the images.

    Raises:
        FileNotFoundError: `json_file` does not exist.
        AnnotationFileError: it is not in COCO's format, or lacks one of the images.
    """
    if is_url(json_file):
        raise AnnotationFileError(missing(json_file))
    try:
        images = json.loads(Path(json_file).read_bytes())["images"]
        entry = {PurePosixPath(image["file_name"]).parts: image["id"] for image in images}
    except (*NOT_JSON, KeyError, TypeError) as error:
        raise AnnotationFileError(
            f"{json_file}: not in COCO's format: no list 'images' of entries with 'id' and "
            "'file_name'"
        ) from error
    depth = max(map(len, entry), default=0)
    ids = {}
    for path in paths:
        endings = (path.parts[-length:] for length in range(depth, 0, -1))
        named = next((ending for ending in endings if ending in entry), None)
        if named is None:
            raise AnnotationFileError(f"{json_file}: lists no image with the file name of {path}")
        ids[path] = entry[named]
    return ids


def coco_category_id(json_file: str | os.PathLike) -> int:
    """The id of the category of people in an annotation file, by `person_category`.

    A file without `categories`, such as a list of images, has COCO's id.

    Raises:
        FileNotFoundError: `json_file` does not exist.
        AnnotationFileError: it is not JSON, or has categories and none of them is that of people.
    """
    content = read_annotation_file(json_file)
    categories = content.get("categories") if isinstance(content, dict) else None
    if categories is None:
        return PERSON_CATEGORY_ID
    category = person_category(categories) if isinstance(categories, list) else None
    if category is None:
        raise AnnotationFileError(
            f"{json_file}: field 'categories': none is called \"person\", and there are others"
        )
    return category

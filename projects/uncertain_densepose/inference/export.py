"""A list of all people of many images, with the files of `people_file` that hold their maps."""

from __future__ import annotations

from collections.abc import Sequence

from .coco_results import PERSON_CATEGORY_ID
from .person import Person


def result_records(people: Sequence[Person], image_name: str, maps_name: str) -> list[dict]:
    """One record a person, ready for `json.dump`.

    Args:
        people: of one image.
        image_name: the image's file, as the records shall name it.
        maps_name: the file of :func:`people_file.save_people`, as the records shall name it.

    Returns:
        Dicts with `file_name`, `category_id`, `bbox` (x, y, width, height in pixels), `score`,
        `maps` (the file), `person` (the number in that file) and `window` (x0, y0, x1, y1).
    """
    records = []
    for index, person in enumerate(people):
        x0, y0, x1, y1 = (float(edge) for edge in person.box_xyxy)
        records.append(
            {
                "file_name": image_name,
                "category_id": PERSON_CATEGORY_ID,
                "bbox": [x0, y0, x1 - x0, y1 - y0],
                "score": person.score,
                "maps": maps_name,
                "person": index,
                "window": list(person.window),
            }
        )
    return records

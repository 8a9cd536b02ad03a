"""Checks of the file as a whole, and of its images and categories."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable

from ...structures.run_lengths import MOST_PIXELS
from .registry import DROPPED, FATAL, REPAIRED, Scope, check

LISTS = ("images", "annotations", "categories")

PERSON = "person"


_LARGEST_ID = 2**63 - 1


def is_id(value: object) -> bool:
    """Whether a value is an integer of 64 bits; True and False are not."""
    return type(value) is int and abs(value) <= _LARGEST_ID


def person_category(categories: list) -> int | None:
    """The id of the category of people, for training, evaluation, result files and the checks.

    It is the one called "person", in whatever case; or else the only one, whatever its name. The
    ids and the order of categories do not matter, and "people" beside "person" is another one.

    Args:
        categories: of a COCO file; malformed ones are passed over.

    Returns:
        None if there is neither.
    """
    whole = list(filter(_is_category, categories))
    named = _called_person(whole)
    return next(iter(named or [c["id"] for c in whole if len(whole) == 1]), None)


def _called_person(categories: list[dict]) -> list[int]:
    return [c["id"] for c in categories if c["name"].strip().lower() == PERSON]


def _repeated(values: list) -> list:
    return [value for value, count in Counter(values).items() if count > 1]


def _is_image(image: object) -> bool:
    return (
        isinstance(image, dict)
        and is_id(image.get("id"))
        and all(type(image.get(side)) is int and image[side] > 0 for side in ("width", "height"))
        and _is_text(image.get("file_name"))
    )


def _is_text(value: object) -> bool:
    """Whether a value is a text that files can be called: not empty, without a null character or
    half a surrogate pair."""
    if not isinstance(value, str) or not value or "\0" in value:
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_category(category: object) -> bool:
    return (
        isinstance(category, dict) and is_id(category.get("id")) and _is_text(category.get("name"))
    )


def _names(entries: list, is_complete: Callable[[object], bool]) -> list:
    """The id, or else the position, of each incomplete entry."""
    return [
        entry["id"] if isinstance(entry, dict) and is_id(entry.get("id")) else f"number {place}"
        for place, entry in enumerate(entries)
        if not is_complete(entry)
    ]


@check(Scope.CONTENT, FATAL, "it is not in COCO's format, see docs/ANNOTATIONS.md")
def not_coco(content) -> list:
    """The file is not an object with the lists "images", "annotations" and "categories"."""
    if not isinstance(content, dict):
        return [f"a {type(content).__name__}"]
    return [name for name in LISTS if not isinstance(content.get(name), list)]


@check(Scope.CONTENT, FATAL, "nobody knows which file to read, or how large the image is")
def image_malformed(content) -> list:
    """An image lacks "file_name", an integer "id", or a positive integer "width" or "height"."""
    return _names(content["images"], _is_image)


@check(Scope.CONTENT, FATAL, "Pillow reads no larger images")
def image_too_large(content) -> list:
    """An image has more than 178 956 970 pixels by its "width" and "height"."""
    return [
        image["id"]
        for image in filter(_is_image, content["images"])
        if image["width"] * image["height"] > MOST_PIXELS
    ]


@check(Scope.CONTENT, FATAL, "only files in the folder of images are read")
def image_outside_folder(content) -> list:
    """The "file_name" of an image is an absolute path, or leaves the folder of images by ".."."""
    return [
        image["id"] for image in filter(_is_image, content["images"]) if _leaves(image["file_name"])
    ]


def _leaves(name: str) -> bool:
    return os.path.isabs(name) or os.path.normpath(name).split(os.sep)[0] == os.pardir


@check(Scope.CONTENT, FATAL, "nobody knows which image an annotation belongs to")
def image_id_repeated(content) -> list:
    """Several images have the same id."""
    return _repeated([image["id"] for image in content["images"] if _is_image(image)])


@check(Scope.CONTENT, FATAL, "nobody knows what is annotated")
def category_malformed(content) -> list:
    """A category lacks an integer "id" or a "name", or has the id of another category."""
    ids = [c["id"] for c in content["categories"] if _is_category(c)]
    return _names(content["categories"], _is_category) + _repeated(ids)


@check(Scope.CONTENT, FATAL, "nobody knows which annotations are of people")
def no_person_category(content) -> list:
    """There are no categories, or several and none is called "person"."""
    if person_category(content["categories"]) is not None:
        return []
    return [c["name"] for c in filter(_is_category, content["categories"])] or ["none"]


@check(Scope.CONTENT, FATAL, "nobody knows which of them are people; rename the others")
def person_category_repeated(content) -> list:
    """Several categories are called "person"."""
    named = _called_person(list(filter(_is_category, content["categories"])))
    return named if len(named) > 1 else []


@check(Scope.IMAGE, DROPPED, "the image and its annotations are left out")
def image_has_no_densepose(image) -> bool:
    """An image has the flag "has_no_densepose", as PoseTrack's unlabelled frames have."""
    return bool(image.get("has_no_densepose"))


@check(
    Scope.EMPTY_IMAGE,
    DROPPED,
    "training skips the image (DATALOADER.FILTER_EMPTY_ANNOTATIONS)",
    evaluation=(REPAIRED, "the image is evaluated: whoever is detected in it is not there"),
)
def image_without_people(image, people) -> bool:
    """An image has no annotations, or none that is kept."""
    return not people

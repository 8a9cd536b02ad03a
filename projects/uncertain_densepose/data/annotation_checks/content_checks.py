"""Checks of the file as a whole, and of its images and categories."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from .registry import DROPPED, FATAL, Scope, check

LISTS = ("images", "annotations", "categories")

PERSON = "person"


def is_id(value: object) -> bool:
    """Whether a value is an integer; True and False are not."""
    return type(value) is int


def person_category(categories: list[dict]) -> int | None:
    """The id of the category that is trained: the one called "person", or else the only one.

    None if there is neither.
    """
    named = [c["id"] for c in categories if c["name"].lower() == PERSON]
    return next(iter(named or [c["id"] for c in categories if len(categories) == 1]), None)


def _repeated(values: list) -> list:
    return [value for value, count in Counter(values).items() if count > 1]


def _is_image(image: object) -> bool:
    return (
        isinstance(image, dict)
        and is_id(image.get("id"))
        and all(type(image.get(side)) is int and image[side] > 0 for side in ("width", "height"))
        and isinstance(image.get("file_name"), str)
    )


def _is_category(category: object) -> bool:
    return (
        isinstance(category, dict)
        and is_id(category.get("id"))
        and isinstance(category.get("name"), str)
    )


def _names(entries: list, is_complete: Callable[[object], bool]) -> list:
    """The id, or else the position, of each incomplete entry."""
    return [
        entry["id"] if isinstance(entry, dict) and is_id(entry.get("id")) else f"number {place}"
        for place, entry in enumerate(entries)
        if not is_complete(entry)
    ]


@check(Scope.CONTENT, FATAL, "training needs COCO's format, see docs/ANNOTATIONS.md")
def not_coco(content) -> list:
    """The file is not an object with the lists "images", "annotations" and "categories"."""
    if not isinstance(content, dict):
        return [f"a {type(content).__name__}"]
    return [name for name in LISTS if not isinstance(content.get(name), list)]


@check(Scope.CONTENT, FATAL, "training does not know which file to read, or how large the image is")
def image_malformed(content) -> list:
    """An image lacks "file_name", an integer "id", or a positive integer "width" or "height"."""
    return _names(content["images"], _is_image)


@check(Scope.CONTENT, FATAL, "training does not know which image an annotation belongs to")
def image_id_repeated(content) -> list:
    """Several images have the same id."""
    return _repeated([image["id"] for image in content["images"] if _is_image(image)])


@check(Scope.CONTENT, FATAL, "training does not know what is annotated")
def category_malformed(content) -> list:
    """A category lacks an integer "id" or a "name", or has the id of another category."""
    ids = [c["id"] for c in content["categories"] if _is_category(c)]
    return _names(content["categories"], _is_category) + _repeated(ids)


@check(Scope.CONTENT, FATAL, "training does not know which annotations are of people")
def no_person_category(content) -> list:
    """There are no categories, or several and none is called "person"."""
    whole = [category for category in content["categories"] if _is_category(category)]
    return [c["name"] for c in whole] or ["none"] if person_category(whole) is None else []


@check(Scope.IMAGE, DROPPED, "the image and its annotations are left out")
def image_has_no_densepose(image) -> bool:
    """An image has the flag "has_no_densepose", as PoseTrack's unlabelled frames have."""
    return bool(image.get("has_no_densepose"))


@check(
    Scope.EMPTY_IMAGE,
    DROPPED,
    "training skips the image (DATALOADER.FILTER_EMPTY_ANNOTATIONS)",
)
def image_without_people(image, people) -> bool:
    """An image has no annotations, or none that is kept."""
    return not people

"""Checks of a person's part masks."""

from __future__ import annotations

from ...structures.point_annotations import MASK_SIZE
from ...structures.run_lengths import are_encodings, compressed, is_size
from ...surface.parts import NUM_COARSE_PARTS
from .registry import DROPPED, REPAIRED, Scope, check

_SIZE = [MASK_SIZE, MASK_SIZE]
_WITHOUT_CELLS = ("PPP2", b"PPP2")
"""The run lengths of 256 x 256 background cells."""

_LEFT_OUT = "the person's part masks are left out; the points are used"
_ELSE_SEGMENTATION = (DROPPED, "the person's mask is the segmentation")
_NO_MASKS = "the person's points are used; a coarse segmentation learns nothing from the person"
_BY_SEGMENTATION = (REPAIRED, "the person's mask is the segmentation")


def mask_entries(annotation: dict) -> list:
    """What is not [] or null in a list of masks, or the one mask that stands without a list."""
    masks = annotation.get("dp_masks")
    if isinstance(masks, list):
        return [mask for mask in masks if mask is not None and mask != []]
    return [masks] if masks else []


@check(Scope.MASKS, DROPPED, _LEFT_OUT, evaluation=_ELSE_SEGMENTATION)
def masks_no_list(annotation) -> bool:
    """The "dp_masks" are neither a list nor one mask."""
    masks = annotation.get("dp_masks")
    return masks is not None and not isinstance(masks, list | dict)


@check(Scope.MASKS, DROPPED, _LEFT_OUT, evaluation=_ELSE_SEGMENTATION)
def masks_of_wrong_number(annotation) -> bool:
    """The list "dp_masks" does not have one entry for each of the 14 coarse parts."""
    masks = annotation.get("dp_masks")
    return isinstance(masks, list) and len(masks) not in (0, 1, NUM_COARSE_PARTS)


@check(Scope.MASKS, DROPPED, _LEFT_OUT, evaluation=_ELSE_SEGMENTATION)
def mask_no_run_lengths(annotation) -> bool:
    """A part mask is neither [], null nor run lengths ("size", "counts")."""
    return not all(
        isinstance(mask, dict) and {"size", "counts"} <= mask.keys()
        for mask in mask_entries(annotation)
    )


@check(Scope.MASKS, DROPPED, _LEFT_OUT, evaluation=_ELSE_SEGMENTATION)
def mask_of_wrong_size(annotation) -> bool:
    """A part mask does not have 256 x 256 cells."""
    return not all(is_size(mask["size"], *_SIZE) for mask in mask_entries(annotation))


@check(Scope.MASKS, DROPPED, _LEFT_OUT, evaluation=_ELSE_SEGMENTATION)
def mask_undecodable(annotation) -> bool:
    """The run lengths of a part mask cannot be decoded to 256 x 256 cells."""
    return not are_encodings([mask["counts"] for mask in mask_entries(annotation)], MASK_SIZE**2)


@check(Scope.MASKS, REPAIRED, _NO_MASKS, evaluation=_BY_SEGMENTATION)
def masks_missing(annotation) -> bool:
    """A person with points has no "dp_masks"."""
    return annotation.get("dp_masks") is None


@check(Scope.MASKS, REPAIRED, _NO_MASKS, evaluation=_BY_SEGMENTATION)
def masks_empty(annotation) -> bool:
    """A person with points has only empty part masks."""
    return annotation.get("dp_masks") is not None and not mask_entries(annotation)


def _compress(annotation) -> None:
    masks = annotation["dp_masks"]
    repaired = [
        compressed(mask) if _is_uncompressed(mask) else mask
        for mask in (masks if isinstance(masks, list) else [masks])
    ]
    annotation["dp_masks"] = repaired if isinstance(masks, list) else repaired[0]


def _is_uncompressed(mask: dict | list) -> bool:
    return isinstance(mask, dict) and bool(mask) and isinstance(mask["counts"], list)


@check(Scope.MASKS, REPAIRED, "they are compressed", _compress)
def mask_uncompressed(annotation) -> bool:
    """The run lengths of a part mask are a list of numbers instead of a string."""
    return any(map(_is_uncompressed, mask_entries(annotation)))


def _unwrap(annotation) -> None:
    (annotation["dp_masks"],) = mask_entries(annotation)


@check(
    Scope.MASKS,
    REPAIRED,
    "it is read as the mask of the whole person, and is not used if NUM_COARSE_SEGM_CHANNELS is 15",
    _unwrap,
    evaluation=(REPAIRED, "it is read as the mask of the whole person"),
)
def one_mask_for_all_parts(annotation) -> bool:
    """The "dp_masks" are one mask instead of 14, in a list or without one."""
    masks = annotation.get("dp_masks")
    return len(mask_entries(annotation)) == 1 and (isinstance(masks, dict) or len(masks) == 1)


@check(Scope.MASKS, REPAIRED, "they are used as they are: the rest of the box is background")
def one_part_mask(annotation) -> bool:
    """Only one of a person's 14 part masks is not empty."""
    masks = annotation.get("dp_masks")
    return len(mask_entries(annotation)) == 1 and isinstance(masks, list) and len(masks) > 1


@check(Scope.MASKS, REPAIRED, "it is read as an empty mask")
def mask_without_cells(annotation) -> bool:
    """The run lengths of a part mask are those of an empty mask."""
    return any(mask["counts"] in _WITHOUT_CELLS for mask in mask_entries(annotation))


@check(
    Scope.LABELLED,
    REPAIRED,
    "the person's points are used",
    evaluation=(DROPPED, "the person does not have to be found: GPSm needs a mask"),
)
def points_without_any_mask(annotation) -> bool:
    """A person with points has neither part masks nor a segmentation."""
    return not has_any_mask(annotation)


def has_any_mask(annotation: dict) -> bool:
    """Whether a checked annotation has part masks or a segmentation."""
    return bool(mask_entries(annotation)) or bool(annotation.get("segmentation"))

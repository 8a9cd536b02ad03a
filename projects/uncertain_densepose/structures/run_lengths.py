"""COCO's run lengths: checked, and decoded where a mask is instead of in the whole image.

The masks of people cover a few percent of an image. `pycocotools` decodes the image, which takes
several times as long. It also trusts its input: run lengths that are not those of the mask's size
write beyond its arrays or never end. `is_encoding` and `is_polygon` decide what it may be given.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from pycocotools import mask as mask_api

_FIRST_CHARACTER = 48
_VALUE, _SIGN, _MORE = 0x1F, 0x10, 0x20
_BITS = 5
_CHARACTERS = bytes(range(_FIRST_CHARACTER, _FIRST_CHARACTER + (_VALUE | _MORE) + 1))
_LONGEST_NUMBER = 6
"""Characters: 29 bits and a sign. `pycocotools` overflows beyond."""

MOST_PIXELS = 178_956_970
"""The largest image that Pillow reads, and so the largest mask."""

_LONGEST_OUTLINE = 1_000_000
"""Pixels. `pycocotools` allocates some hundred bytes for each."""


def run_lengths(counts: str | bytes) -> np.ndarray:
    """The lengths of the runs of a compressed encoding, of background and foreground in turn.

    Numbers are written in groups of five bits, the lowest first, each in a character whose sixth
    bit says that more follow; from the fourth number on, as the difference to the one before the
    last.

    Args:
        counts: of an encoding of `pycocotools.mask`.

    Returns:
        (N,) int64, pixels, down the columns one after the other; the first run is background.
    """
    return runs_of_masks([counts]).length


class Runs(NamedTuple):
    """The runs of several masks, one mask after the other.

    Attributes:
        length: (N,) int64 pixels; the first run of each mask is background.
        first: (M + 1,) int64, mask m has the runs from first[m] to first[m + 1].
    """

    length: np.ndarray
    first: np.ndarray


def runs_of_masks(counts: Sequence[str | bytes]) -> Runs:
    """The :func:`run_lengths` of one or more encodings at once, which takes hardly longer."""
    texts = [text.encode() if isinstance(text, str) else text for text in counts]
    code, last = _characters(b"".join(texts))
    return _runs(code, last, _characters_of_numbers(last), _first_runs(texts, last))


def _characters(text: bytes) -> tuple[np.ndarray, np.ndarray]:
    """The six bits of each character, int64, and the places of those that end a number."""
    code = np.frombuffer(text, dtype=np.uint8).astype(np.int64) - _FIRST_CHARACTER
    return code, np.flatnonzero((code & _MORE) == 0)


def _characters_of_numbers(last: np.ndarray) -> np.ndarray:
    """How many characters each number has, up to the places `last`."""
    length = last.copy()
    length[1:] -= last[:-1]
    length[:1] += 1
    return length


def _first_runs(texts: Sequence[bytes], last: np.ndarray) -> np.ndarray:
    """`Runs.first` of texts, the numbers of which end at the places `last` of all together."""
    ends = np.cumsum([0, *map(len, texts)])
    return np.searchsorted(last, ends)


def _runs(code: np.ndarray, last: np.ndarray, length: np.ndarray, first: np.ndarray) -> Runs:
    """The runs whose numbers have `length` characters each, up to the places `last`."""
    begin = last - length + 1
    place = np.arange(len(code)) - np.repeat(begin, length)
    value = np.add.reduceat((code & _VALUE) << (_BITS * place), begin)
    value -= np.where(code[last] & _SIGN, 1 << (_BITS * length), 0)
    if len(first) == 2:
        value[1::2] = np.cumsum(value[1::2])
        value[2::2] = np.cumsum(value[2::2])
        return Runs(value, first)
    count = np.diff(first)
    place = np.arange(len(value)) - np.repeat(first[:-1], count)
    # Sums over the runs of one colour, from the first mask on; those before a mask are subtracted.
    for is_summed in (place % 2 == 1, (place % 2 == 0) & (place > 0)):
        total = np.cumsum(np.where(is_summed, value, 0))
        before = np.concatenate([[0], total])[first[:-1]]
        value = np.where(is_summed, total - np.repeat(before, count), value)
    return Runs(value, first)


def is_encoding(counts: object, num_pixels: int) -> bool:
    """Whether text, bytes or a list of numbers are the run lengths of so many pixels.

    Args:
        counts: anything that a file may have in their place.
        num_pixels: of the mask; the answer is no above `MOST_PIXELS`.
    """
    return are_encodings([counts], num_pixels)


def are_encodings(counts: Sequence[object], num_pixels: int) -> bool:
    """Whether :func:`is_encoding` holds for all; of many masks, it takes hardly longer than of one.

    Args:
        counts: of the masks, each anything that a file may have in their place.
        num_pixels: of each mask.
    """
    if not 0 < num_pixels <= MOST_PIXELS:
        return False
    lists = [one for one in counts if isinstance(one, list)]
    texts = [_text(one) for one in counts if not isinstance(one, list)]
    return (
        all(_are_lengths(one, num_pixels) for one in lists)
        and all(texts)
        and (not texts or _are_compressed(texts, num_pixels))
    )


def _are_lengths(lengths: list[Any], num_pixels: int) -> bool:
    whole = all(type(length) is int and length >= 0 for length in lengths)
    return whole and len(lengths) <= num_pixels + 1 and sum(lengths) == num_pixels


def _text(counts: object) -> bytes:
    """The characters of compressed run lengths; none for anything else."""
    if isinstance(counts, str):
        # Other characters, half a surrogate pair among them, do not survive encoding.
        return counts.encode() if counts.isascii() else b""
    return counts if isinstance(counts, bytes) else b""


def _are_compressed(texts: Sequence[bytes], num_pixels: int) -> bool:
    """Whether texts, none of them empty, are the run lengths of so many pixels each."""
    joined = b"".join(texts)
    if joined.translate(None, _CHARACTERS):
        return False
    code, last = _characters(joined)
    if (code[np.cumsum([len(text) for text in texts]) - 1] & _MORE).any():
        return False  # One ends within a number.
    length, first = _characters_of_numbers(last), _first_runs(texts, last)
    if length.max() > _LONGEST_NUMBER or np.diff(first).max() > num_pixels + 1:
        return False
    runs = _runs(code, last, length, first).length
    return bool(runs.min() >= 0) and bool((np.add.reduceat(runs, first[:-1]) == num_pixels).all())


def is_size(size: object, height: int, width: int) -> bool:
    """Whether something is the integers [height, width]; [True, 2.0] is not [1, 2]."""
    return (
        isinstance(size, list | tuple)
        and all(type(side) is int for side in size)
        and list(size) == [height, width]
    )


def is_mask(encoding: object, height: int, width: int) -> bool:
    """Whether something has the `size` and the `counts` of a mask of height x width pixels."""
    return (
        isinstance(encoding, dict)
        and is_size(encoding.get("size"), height, width)
        and is_encoding(encoding.get("counts"), height * width)
    )


def is_polygon(polygon: object, height: int, width: int) -> bool:
    """Whether a list of numbers (x1, y1, x2, y2, ...) is a polygon of an image.

    It has at least three points, none of which is further from the image than the image is large,
    and its outline is shorter than a million pixels.
    """
    if not isinstance(polygon, list) or len(polygon) < 6 or len(polygon) % 2:
        return False
    if any(type(value) not in (int, float) for value in polygon):
        return False
    try:
        corners = np.array(polygon, dtype=np.float64).reshape(-1, 2)
    except OverflowError:  # An integer with hundreds of digits.
        return False
    side = np.array([width, height])
    near = ((corners >= -side) & (corners <= 2 * side)).all()  # NaN is not.
    if not near:
        return False
    steps = np.abs(corners - np.roll(corners, 1, axis=0)).max(axis=1)
    return bool(steps.sum() <= _LONGEST_OUTLINE)


def compressed(encoding: dict[str, Any]) -> dict[str, Any]:
    """A checked mask with compressed run lengths; one that has them already is returned."""
    if not isinstance(encoding["counts"], list):
        return encoding
    result: dict[str, Any] = mask_api.frPyObjects(encoding, *encoding["size"])
    return result


def decode_mask(encoding: dict[str, Any]) -> np.ndarray:
    """(height, width) bool, a checked mask with compressed run lengths; columns lie in memory one
    after the other."""
    lengths = run_lengths(encoding["counts"])
    height, width = encoding["size"]
    pixels = np.repeat(np.arange(len(lengths)) % 2 == 1, lengths)
    return pixels.reshape(width, height).T


def union_of_masks(encodings: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The union of checked masks of one size, in compressed run lengths.

    `pycocotools` merges within a fixed number of runs, which runs of no pixels exceed.
    """
    height, width = encodings[0]["size"]
    ends = [np.cumsum(run_lengths(encoding["counts"])) for encoding in encodings]
    begin = np.concatenate([end[: len(end) // 2 * 2 : 2] for end in ends])
    finish = np.concatenate([end[1::2] for end in ends])
    # How many masks begin at each pixel, minus how many end before it.
    change = np.bincount(begin, minlength=height * width + 1).astype(np.int64)
    change -= np.bincount(finish, minlength=height * width + 1)
    covered = np.cumsum(change[:-1]) > 0
    pixels = covered.reshape(width, height).T.astype(np.uint8, order="F")
    merged: dict[str, Any] = mask_api.encode(pixels)
    return merged


def decode_columns(encoding: dict[str, Any]) -> tuple[int, np.ndarray]:
    """The columns of a mask between the first and the last one with foreground.

    Args:
        encoding: compressed run lengths with `size` (height, width) and `counts`.

    Returns:
        The first of these columns, and (height, number of columns) bool, column after column in
        memory.
    """
    height = encoding["size"][0]
    end = np.cumsum(run_lengths(encoding["counts"]))
    if len(end) < 2:
        return 0, np.zeros((height, 0), dtype=bool)
    left, right = end[0] // height, -(-end[1::2][-1] // height)
    edges = np.concatenate(
        [[left * height], np.clip(end, left * height, right * height), [right * height]]
    )
    is_foreground = np.arange(len(edges) - 1) % 2 == 1
    columns = np.repeat(is_foreground, np.diff(edges))
    return int(left), columns.reshape(right - left, height).T

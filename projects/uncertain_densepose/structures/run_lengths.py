"""Decoding COCO's run lengths where a mask is, and not in the whole image.

The masks of people cover a few percent of an image. `pycocotools` decodes the image, which takes
several times as long.
"""

from __future__ import annotations

from typing import Any

import numpy as np

_FIRST_CHARACTER = 48
_VALUE, _SIGN, _MORE = 0x1F, 0x10, 0x20
_BITS = 5
_CHARACTERS = bytes(range(_FIRST_CHARACTER, _FIRST_CHARACTER + (_VALUE | _MORE) + 1))


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
    text = counts.encode() if isinstance(counts, str) else counts
    code = np.frombuffer(text, dtype=np.uint8).astype(np.int64) - _FIRST_CHARACTER
    last = np.flatnonzero((code & _MORE) == 0)
    first = np.append(0, last[:-1] + 1)
    length = last - first + 1
    place = np.arange(len(code)) - np.repeat(first, length)
    value = np.add.reduceat((code & _VALUE) << (_BITS * place), first)
    value -= np.where(code[last] & _SIGN, 1 << (_BITS * length), 0)
    value[1::2] = np.cumsum(value[1::2])
    value[2::2] = np.cumsum(value[2::2])
    return value


def is_encoding(counts: object, num_pixels: int) -> bool:
    """Whether text, bytes or a list of numbers are the run lengths of so many pixels.

    `pycocotools` decodes whatever else it is given as well, to what happens to be in memory.
    """
    if isinstance(counts, list):
        whole = all(type(length) is int and length >= 0 for length in counts)
        return whole and sum(counts) == num_pixels
    text = counts.encode() if isinstance(counts, str) else counts
    if not isinstance(text, bytes) or not text or text.translate(None, _CHARACTERS):
        return False
    ends_within_a_number = (text[-1] - _FIRST_CHARACTER) & _MORE
    if ends_within_a_number:
        return False
    lengths = run_lengths(text)
    return bool(lengths.min() >= 0) and int(lengths.sum()) == num_pixels


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

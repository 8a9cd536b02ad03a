"""How detections are counted: which are right, which are wrong and which do not count.

People who need not be found are *ignored*: crowds, people without labels, and people of another
size than the one measured. Both protocols go through the detections of an image from the highest
score down and match each with the most similar free person, if the similarity is at least the
threshold; with an ignored person only if no other qualifies.

`strict` counts as COCO counts keypoints. The similarity to an unlabelled person or a crowd is
unknown, so the box decides: a detection that overlaps one by a half is ignored at every threshold.
All other detections are wrong, in images without people too.

`reference` counts as DensePose's evaluator does, which produced most published numbers. It differs
in two ways:

- in an image where every person is ignored, as in one without people, no detection is wrong;
- a detection without a match at the *highest threshold* is given to the person, free at that
  threshold, whose box it overlaps most, if by 0.8 at least; and whether that person is ignored
  decides whether the detection is ignored at *all thresholds*, even where it had another match.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

THRESHOLDS = np.linspace(0.5, 0.95, 10)
"""(T,) similarities from which a person counts as found."""

_STRICT_MIN_OVERLAP = 0.5
_REFERENCE_MIN_OVERLAP = 0.8


@dataclass(frozen=True)
class Pairs:
    """D detections and G people of one category in an image.

    Attributes:
        similarity: (M, D, G) float64 in [0, 1] under M measures, the highest score first.
        overlap: (D, G) float64 of their boxes, over the detection's own area for a crowd.
        unlabelled: (G,) bool, crowds and people without labels: their similarity is unknown.
        crowd: (G,) bool, who may be matched any number of times.
        ignored: (A, G) bool, people who need not be found, for each of A ranges of size.
    """

    similarity: np.ndarray
    overlap: np.ndarray
    unlabelled: np.ndarray
    crowd: np.ndarray
    ignored: np.ndarray


class Matches(NamedTuple):
    """The matches of D detections, for M measures, A ranges of size and T thresholds.

    Attributes:
        matched: (M, A, T, D) bool, whether a detection has a match.
        ignored: (M, A, T, D) bool, whether it is neither right nor wrong.
    """

    matched: np.ndarray
    ignored: np.ndarray


def count_strict(pairs: Pairs) -> Matches:
    """The `strict` protocol."""
    unknown = pairs.overlap >= _STRICT_MIN_OVERLAP
    similarity = np.where(pairs.unlabelled, unknown, pairs.similarity)
    matches, _ = _match_greedily(similarity, pairs)
    return matches


def count_reference(pairs: Pairs) -> Matches:
    """The `reference` protocol."""
    matches, free = _match_greedily(pairs.similarity, pairs)
    _match_leftovers(pairs, matches, free[:, :, -1])
    matches.ignored[:, pairs.ignored.all(axis=1)] = True
    return matches


PROTOCOLS: dict[str, Callable[[Pairs], Matches]] = {
    "strict": count_strict,
    "reference": count_reference,
}
"""The values of `DENSEPOSE_EVALUATION.PROTOCOL`."""


def _match_greedily(similarity: np.ndarray, pairs: Pairs) -> tuple[Matches, np.ndarray]:
    """Matches by similarity (M, D, G), and (M, A, T, G) bool, who is free afterwards."""
    num_measures, num_detections, num_people = similarity.shape
    shape = num_measures, len(pairs.ignored), len(THRESHOLDS)
    matched = np.zeros((*shape, num_detections), dtype=bool)
    ignored = np.zeros((*shape, num_detections), dtype=bool)
    free = np.ones((*shape, num_people), dtype=bool)
    if num_people == 0:
        return Matches(matched, ignored), free
    # Ignored people are ranked below all others, by more than the width of the scale. A similarity
    # of exactly 1 reaches every threshold despite rounding.
    rank = np.where(pairs.ignored[:, None], similarity[:, None] - 2, similarity[:, None])
    reached = similarity[..., None, :] >= np.minimum(THRESHOLDS, 1 - 1e-10)[:, None]
    for detection in np.flatnonzero(reached.any(axis=(0, 2, 3))):
        eligible = reached[:, detection, None] & free
        best = last_argmax(np.where(eligible, rank[:, :, detection, None], -np.inf))
        found = np.asarray(eligible.any(axis=-1))
        matched[..., detection] = found
        ignored[..., detection] = found & _of_person(pairs.ignored, best)
        free &= ~_taken(found, best, pairs.crowd)
    return Matches(matched, ignored), free


def _match_leftovers(pairs: Pairs, matches: Matches, free: np.ndarray) -> None:
    """Match by boxes what has no match at the highest threshold; updates `matches` and `free`.

    Args:
        free: (M, A, G) bool, who is free at the highest threshold.
    """
    matched = matches.matched[:, :, -1]
    close = pairs.overlap >= _REFERENCE_MIN_OVERLAP
    for detection in np.flatnonzero(close.any(axis=1)):
        eligible = close[detection] & free
        found = eligible.any(axis=-1) & ~matched[..., detection]
        overlap = np.where(eligible, pairs.overlap[detection], -np.inf)
        # Among equals, ignored people come last and so win.
        highest = overlap == overlap.max(axis=-1, keepdims=True)
        best = last_argmax(highest + (highest & pairs.ignored).astype(np.int64))
        is_ignored = _of_person(pairs.ignored, best)
        of_detection = matches.ignored[..., detection]
        of_detection[found] = is_ignored[found][:, None]
        found &= is_ignored
        matched[..., detection] |= found
        free &= ~_taken(found, best, pairs.crowd)


def last_argmax(values: np.ndarray) -> np.ndarray:
    """(...,) int64 index of the highest of values (..., N), the last one among equals."""
    return values.shape[-1] - 1 - values[..., ::-1].argmax(axis=-1)


def _of_person(ignored: np.ndarray, person: np.ndarray) -> np.ndarray:
    """ignored[a, person[m, a, ...]] of (A, G) flags and (M, A, ...) indices."""
    size = np.arange(len(ignored)).reshape(-1, *[1] * (person.ndim - 2))
    return ignored[size, person]


def _taken(found: np.ndarray, person: np.ndarray, crowd: np.ndarray) -> np.ndarray:
    """(..., G) bool, the people who are no longer free: those found (...), but not crowds."""
    return found[..., None] & (person[..., None] == np.arange(len(crowd))) & ~crowd

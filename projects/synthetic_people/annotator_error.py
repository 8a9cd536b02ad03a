"""How far annotators err, where on the body: DensePose's study of its annotators.

Where the truth is known, each annotated point has an error d(i, î), the geodesic distance between
its true place i and the labelled one î. The errors of a person are interpolated over the surface
near his points, and the people averaged (Guler, Neverova, Kokkinos, "DensePose: Dense Human Pose
Estimation in the Wild", CVPR 2018, on the accuracy of annotators). With g the geodesic distance
and h the bandwidth,

    e_p(x) = sum_i w(x, i) d(i, î) / sum_i w(x, i),   w = exp(-g(x, i)^2 / 2 h^2) if g <= 2 h else 0

is the error of person p at x, for points within reach, 2 h, of x; the mean error at x is that of
e_p(x) over the people who have such points.

Shapes: P points, V vertices of the surface, K of its geodesic table.
"""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

from uncertain_densepose.errors import NOT_JSON
from uncertain_densepose.evaluation.points.surface_distance import SurfaceDistance
from uncertain_densepose.structures.coco_annotation import (
    TRUE_FIELDS,
    AnnotationError,
    AnnotationFileError,
    read_box,
    read_labelled_points,
)
from uncertain_densepose.surface import NUM_PARTS, PART_NAMES, Surface
from uncertain_densepose.surface.geodesic_kernel import geodesic_kernel

_PEOPLE_AT_ONCE = 256


@dataclasses.dataclass(frozen=True, eq=False)
class LabelledTruth:
    """The P points of all people of a file.

    Attributes:
        person: (P,) int64 0..N-1, whose point it is.
        part, part_true: (P,) int64 charts 1..24, as labelled and as they are.
        uv, uv_true: (P, 2) chart units, likewise.
    """

    person: np.ndarray
    part: np.ndarray
    uv: np.ndarray
    part_true: np.ndarray
    uv_true: np.ndarray

    @staticmethod
    def load(json_file: str | os.PathLike) -> LabelledTruth:
        """Read a COCO file of annotated people whose truth is known.

        Raises:
            FileNotFoundError: there is no such file.
            AnnotationFileError: it is not a COCO file, an annotation is malformed or lacks the
                truth, or nobody has points. The message names file, annotation and field.
        """
        path = Path(json_file)
        try:
            content = json.loads(path.read_bytes())
        except NOT_JSON as error:
            raise AnnotationFileError(f"{path}: not JSON ({error})") from error
        annotations = content.get("annotations") if isinstance(content, dict) else None
        if not isinstance(annotations, list):
            raise AnnotationFileError(f"{path}: not in COCO's format: no list 'annotations'")
        people = []
        for number, annotation in enumerate(annotations):
            try:
                person = _read_person(annotation)
            except AnnotationError as error:
                name = annotation.get("id", f"number {number}")
                raise AnnotationFileError(f"{path}: annotation {name}: {error}") from error
            if person is not None:
                people.append(person)
        if not people:
            raise AnnotationFileError(f"{path}: nobody has annotated points")
        counts = [len(person["part"]) for person in people]
        columns = {name: np.concatenate([p[name] for p in people]) for name in people[0]}
        return LabelledTruth(person=np.repeat(np.arange(len(people)), counts), **columns)


def _read_person(annotation: dict) -> dict[str, np.ndarray] | None:
    points = read_labelled_points(annotation, read_box(annotation))
    if points is None:
        return None
    if not np.isfinite(points.uv_true).all():
        raise AnnotationError(
            TRUE_FIELDS[0], "is missing; the truth is known of rendered people only"
        )
    return {
        "part": points.part,
        "uv": points.uv,
        "part_true": points.part_true,
        "uv_true": points.uv_true,
    }


def point_errors_m(
    points: LabelledTruth, distance: SurfaceDistance
) -> tuple[np.ndarray, np.ndarray]:
    """d(i, î) of each point.

    Returns:
        (P,) float64 metres, and (P,) int32 the vertices nearest to the true places.
    """
    true = distance.vertex(points.part_true, points.uv_true)
    labelled = distance.vertex(points.part, points.uv)
    return distance.between_m(labelled, true).astype(np.float64), true


def mean_error_on_surface(
    surface: Surface,
    vertex: np.ndarray,
    error: np.ndarray,
    person: np.ndarray,
    bandwidth_m: float,
) -> tuple[np.ndarray, np.ndarray]:
    """The mean error at each vertex, see the module.

    Args:
        surface: the body.
        vertex: (P,) true places, vertices.
        error: (P,) finite errors, of any unit.
        person: (P,) int64 0..N-1.
        bandwidth_m: h, metres, above 0.

    Returns:
        (V,) float64 mean errors in the unit of ``error``, NaN where nobody has a point within
        reach; and (V,) int64 numbers of people who have. Places are told apart as finely as the
        geodesic table has vertices.
    """
    kernel = geodesic_kernel(surface, bandwidth_m)
    place = surface.nearest_geodesic[vertex]
    num_people = int(person.max()) + 1
    total, people = np.zeros(kernel.shape[0]), np.zeros(kernel.shape[0], np.int64)
    for start in range(0, num_people, _PEOPLE_AT_ONCE):
        width = min(_PEOPLE_AT_ONCE, num_people - start)
        chosen = (person >= start) & (person < start + width)
        where = (place[chosen], person[chosen] - start)
        shape = (kernel.shape[0], width)
        weighted = (kernel @ csr_matrix((error[chosen], where), shape=shape)).toarray()
        weight = (kernel @ csr_matrix((np.ones(chosen.sum()), where), shape=shape)).toarray()
        reached = weight > 0
        total += np.where(reached, weighted / np.where(reached, weight, 1), 0).sum(axis=1)
        people += reached.sum(axis=1)
    mean = np.where(people > 0, total / np.maximum(people, 1), np.nan)
    return mean[surface.nearest_geodesic], people[surface.nearest_geodesic]


def part_table(error: np.ndarray, points: LabelledTruth) -> dict[str, dict[str, float | int]]:
    """Errors by the true chart, and of all points together under ``all``.

    Args:
        error: (P,) errors.
        points: the points.

    Returns:
        name -> ``points``; ``mean``, ``median`` and ``p90`` of the errors, in their unit;
        ``other_chart``, the share of labels in another chart than the true one. Charts without
        points are left out.
    """
    groups = {"all": np.ones(len(error), dtype=bool)}
    groups |= {PART_NAMES[p]: points.part_true == p for p in range(1, NUM_PARTS + 1)}
    other = points.part != points.part_true
    return {
        name: {
            "points": int(mine.sum()),
            "mean": float(error[mine].mean()),
            "median": float(np.median(error[mine])),
            "p90": float(np.quantile(error[mine], 0.9)),
            "other_chart": float(other[mine].mean()),
        }
        for name, mine in groups.items()
        if mine.any()
    }

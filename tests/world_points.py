"""People whose points are all of the same difficulty, for tests of noise worlds."""

import numpy as np

from synthetic_people.worlds.base import TruePoints
from synthetic_people.worlds.scales import typical_sigma_uv


def person(annotation_id, part, uv=None, sigma_ratio=1.0, variance=0.02**2, direction=(0.0, 0.0)):
    """Points whose visible factor is 1, if ``sigma_ratio`` is."""
    part = np.asarray(part)
    count = len(part)
    return TruePoints(
        annotation_id=annotation_id,
        part=part,
        uv=np.full((count, 2), 0.5) if uv is None else np.asarray(uv, dtype=float),
        variance=np.full(count, variance),
        direction=np.tile(np.asarray(direction, dtype=float), (count, 1)),
        rendered_shared_variance=(sigma_ratio * typical_sigma_uv()[part]) ** 2,
    )

"""A person's uncertainty painted on the body, seen from four sides."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..inference.person import Person
from ..surface import Surface
from ..surface.geodesic_kernel import geodesic_kernel
from .body_figure import TOWARD_VIEWER, BodyView, value_colours
from .boxes import draw_boxes
from .palette import SIGMA_COLOURS
from .picture_grid import BarScale, Panel, panel_grid
from .picture_layers import own_scale_cm
from .picture_size import at_picture_size, with_box_side

BANDWIDTH_M = 0.015
"""Standard deviation, in metres, of the kernel that spreads a pixel's value over the body; it ends
at twice that distance."""

READ_SIDE = 256
"""The maps are read at this resolution, in pixels along the box's longer side: at most a centimetre
per pixel for a whole person, so that no vertex between two pixels counts as unseen."""


class BodyPictures:
    """Draws people's uncertainty on their surface.

    Args:
        surface: the body.
        height: of the pictures, pixels.
        bandwidth_m: see `BANDWIDTH_M`.
    """

    def __init__(self, surface: Surface, height: int = 640, bandwidth_m: float = BANDWIDTH_M):
        self._surface, self._height = surface, height
        self._kernel = geodesic_kernel(surface, bandwidth_m)
        self._views = {view: BodyView(surface, view, height) for view in TOWARD_VIEWER}

    def sigma_cm(self, person: Person) -> np.ndarray:
        """For each vertex, the weighted mean standard deviation of the pixels that show places near
        it.

        Args:
            person: predicted by a model with a noise model.

        Returns:
            (V,) float64 centimetres, NaN for vertices that no pixel is near.

        Raises:
            ValueError: the model has no noise model.
        """
        sigma_cm, shown = person.sigma_cm, person.part > 0
        if sigma_cm is None:
            raise ValueError("the person's model has no noise model")
        vertex = person.metric.lookup.vertex(person.part[shown], person.uv[shown])
        place = self._surface.nearest_geodesic[vertex]
        size = self._kernel.shape[0]
        weight = self._kernel @ np.bincount(place, minlength=size)
        total = self._kernel @ np.bincount(place, sigma_cm[shown], minlength=size)
        with np.errstate(invalid="ignore"):
            return (total / weight)[self._surface.nearest_geodesic]

    def draw(
        self,
        image: np.ndarray,
        people: Sequence[Person],
        chosen: int,
        vmax_cm: float | None = None,
    ) -> np.ndarray:
        """Draw the image with the person's box, and the body from four sides; unseen is grey.

        Args:
            image: (H, W, 3) uint8 BGR.
            people: found in it, by a model with a noise model.
            chosen: index in `people` of the person to draw.
            vmax_cm: upper end of the scale, centimetres; by default the person's own.

        Returns:
            (h, w, 3) uint8 BGR.
        """
        person = with_box_side(people[chosen], READ_SIDE)
        if vmax_cm is None:
            vmax_cm = own_scale_cm([person])
        face_cm = self.sigma_cm(person)[self._surface.faces].mean(axis=1)
        colours = value_colours(face_cm, vmax_cm)
        scale = BarScale((SIGMA_COLOURS.name,), vmax_cm, open_end=True)
        title = f"person {chosen} of {len(people)}, score {person.score:.2f}"
        panels = [Panel(draw_boxes(*at_picture_size(image, people, self._height), chosen), title)]
        for view, body in self._views.items():
            name = f"{view}, σ (cm)" if not panels[1:] else view
            panels.append(
                Panel(body.paint(colours)[..., ::-1], name, None if panels[1:] else scale)
            )
        return panel_grid(panels, max_columns=len(panels))

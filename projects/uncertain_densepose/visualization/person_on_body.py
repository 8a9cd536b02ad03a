"""A person's uncertainty where it belongs: on the body, from four sides."""

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
"""How far around a pixel's place on the body its value is spread, half of how far it reaches."""

READ_SIDE = 256
"""Pixels of the box's longer side at which the maps are read: at most a centimetre each of a whole
person, so that none between two of them is taken for unseen."""


class BodyPictures:
    """Draws people of one surface on it.

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
        """The mean standard deviation of the pixels that show a vertex or are within reach of it.

        Args:
            person: of a model with a noise model.

        Returns:
            (V,) float64 centimetres, NaN for vertices that are not seen.

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
        """The image with the person's box, and the body from four sides; what is unseen is grey.

        Args:
            image: (H, W, 3) uint8, blue, green, red.
            people: found in it, of a model with a noise model.
            chosen: whose uncertainty it is, a place in `people`.
            vmax_cm: end of the scale; by default the person's own.

        Returns:
            (h, w, 3) uint8, blue, green, red.
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

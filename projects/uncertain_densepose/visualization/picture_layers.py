"""Pictures requested by name, and how their layers are combined.

A request is a list of pictures separated by commas; a picture is one layer, or several joined by
"+", drawn over each other in that order. "box,part,sigma+ellipses" is three pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from detectron2.utils.registry import Registry

from ..errors import UserError
from ..inference.dense_person import DensePerson
from ..inference.error_field import sample_error_field
from .boxes import draw_boxes
from .ellipses import draw_ellipses
from .error_pictures import draw_errors, draw_seed
from .isolines import LINE_COLOURS, draw_isolines
from .layers import (
    draw_parts,
    draw_probability,
    draw_sigma_cm,
    draw_sigma_uv,
    draw_uv,
    shared_vmax_cm,
)
from .palette import COORDINATE_COLOURS, SIGMA_COLOURS
from .picture_grid import BarScale, Panel, Scale, WheelScale

ERROR_SCALE = 2.0
"""Upper end of the scale of errors, relative to that of standard deviations."""

SIGMA_UV_MAX = 0.3
"""Upper end of the scale in chart units: coordinates spread evenly over a chart have 0.29."""

NOBODY_FOUND = "nobody found"

PICTURE_LAYER_REGISTRY = Registry("PICTURE_LAYER")
PICTURE_LAYER_REGISTRY.__doc__ = """
Layers by the names used in requests: subclasses of :class:`PictureLayer`, called as `cls(style)`.
"""


class PictureNameError(UserError, ValueError):
    """A request for an unknown layer. The message lists the known ones."""


@dataclass(frozen=True)
class PictureStyle:
    """Settings of all layers.

    Attributes:
        vmax_cm: upper end of the scale of standard deviations, centimetres; None for
            `layers.shared_vmax_cm` of each image.
        num_samples: pictures of the layer "samples".
        seed: of its draws.
    """

    vmax_cm: float | None = None
    num_samples: int = 3
    seed: int = 0

    @property
    def error_vmax_cm(self) -> float:
        """Upper end of the scale of errors, centimetres; raises ValueError without `vmax_cm`."""
        if self.vmax_cm is None:
            raise ValueError("a style without `vmax_cm` has no scale of errors")
        return ERROR_SCALE * self.vmax_cm


class PictureLayer:
    """Draws people over a picture.

    Args:
        style: with `vmax_cm` set.

    Attributes:
        titles: one for each picture of the layer.
        needs_noise_model: whether it shows uncertainty.
        needs_centimetres: whether it measures on the body.
    """

    titles: Sequence[str] = ("",)
    needs_noise_model = False
    needs_centimetres = False

    def __init__(self, style: PictureStyle):
        self.style = style

    def draw(self, picture: np.ndarray, people: Sequence[DensePerson], number: int) -> np.ndarray:
        """Draw people over a copy of a picture (H, W, 3) uint8 BGR.

        Args:
            number: index in `titles` of the picture to draw.
        """
        raise NotImplementedError

    def scale(self) -> Scale | None:
        """The scale of its colours, if it has one."""
        return None


def register_picture_layer(name: str) -> Callable[[type], type]:
    """Class decorator: register a :class:`PictureLayer` under a name for requests."""

    def register(cls: type) -> type:
        PICTURE_LAYER_REGISTRY._do_register(name, cls)
        return cls

    return register


@register_picture_layer("box")
class BoxLayer(PictureLayer):
    """Boxes with number and score."""

    titles = ("detections",)

    def draw(self, picture, people, number):
        return draw_boxes(picture, people)


@register_picture_layer("part")
class PartLayer(PictureLayer):
    """The 24 charts, a colour each."""

    titles = ("body part",)

    def draw(self, picture, people, number):
        return draw_parts(picture, people)


@register_picture_layer("probability")
class ProbabilityLayer(PictureLayer):
    """The network's probability of the shown part."""

    titles = ("probability of the part",)

    def draw(self, picture, people, number):
        return draw_probability(picture, people)

    def scale(self):
        return BarScale((COORDINATE_COLOURS.name,), 1.0)


@register_picture_layer("uv")
class CoordinateLayer(PictureLayer):
    """U and V, two pictures."""

    titles = ("U", "V")

    def draw(self, picture, people, number):
        return draw_uv(picture, people, "uv"[number])

    def scale(self):
        return BarScale((COORDINATE_COLOURS.name,), 1.0)


@register_picture_layer("isolines")
class IsolineLayer(PictureLayer):
    """Lines of equal u and of equal v."""

    titles = ("lines of equal U and V",)

    def draw(self, picture, people, number):
        return draw_isolines(picture, people)

    def scale(self):
        return BarScale(tuple(colours.name for colours in LINE_COLOURS), 1.0, ("U", "V"))


@register_picture_layer("sigma")
class SigmaLayer(PictureLayer):
    """The standard deviation in centimetres."""

    titles = ("standard deviation (cm)",)
    needs_noise_model = True
    needs_centimetres = True

    def draw(self, picture, people, number):
        return draw_sigma_cm(picture, people, self.style.vmax_cm)

    def scale(self):
        return BarScale((SIGMA_COLOURS.name,), self.style.vmax_cm, open_end=True)


@register_picture_layer("sigma_uv")
class ChartSigmaLayer(PictureLayer):
    """The standard deviation in chart units."""

    titles = ("standard deviation (chart units)",)
    needs_noise_model = True

    def draw(self, picture, people, number):
        return draw_sigma_uv(picture, people, SIGMA_UV_MAX)

    def scale(self):
        return BarScale((SIGMA_COLOURS.name,), SIGMA_UV_MAX, open_end=True)


@register_picture_layer("ellipses")
class EllipseLayer(PictureLayer):
    """Covariance ellipses, carried back to the image."""

    titles = ("1σ ellipses",)
    needs_noise_model = True

    def draw(self, picture, people, number):
        return draw_ellipses(picture, people)


@register_picture_layer("samples")
class SampleLayer(PictureLayer):
    """Random draws of the joint error, a picture each."""

    needs_noise_model = True
    needs_centimetres = True

    def __init__(self, style):
        super().__init__(style)
        self.titles = tuple(f"error, draw {n + 1}" for n in range(style.num_samples))

    def draw(self, picture, people, number):
        errors = [
            sample_error_field(person, 1, draw_seed(self.style.seed, number, index))[0]
            for index, person in enumerate(people)
        ]
        return draw_errors(picture, people, errors, self.style.error_vmax_cm)

    def scale(self):
        return WheelScale(self.style.error_vmax_cm)


def parse_pictures(request: str) -> list[list[str]]:
    """Split a request (see this module) into pictures, and these into names of layers.

    Raises:
        PictureNameError: there is no such layer.
    """
    pictures = [[name.strip() for name in one.split("+")] for one in request.split(",")]
    for name in (name for picture in pictures for name in picture):
        if name not in PICTURE_LAYER_REGISTRY:
            known = ", ".join(known for known, _ in PICTURE_LAYER_REGISTRY)
            raise PictureNameError(f"there is no picture {name!r}; use {known}")
    return pictures


def needs_noise_model(picture: Sequence[str]) -> bool:
    """Whether a picture, given by its layers' names, shows uncertainty."""
    return any(PICTURE_LAYER_REGISTRY.get(name).needs_noise_model for name in picture)


def needs_centimetres(picture: Sequence[str]) -> bool:
    """Whether a picture, given by its layers' names, measures on the body."""
    return any(PICTURE_LAYER_REGISTRY.get(name).needs_centimetres for name in picture)


def own_scale_cm(people: Sequence[DensePerson]) -> float:
    """`layers.shared_vmax_cm`, or 1 cm if nobody has a standard deviation."""
    return shared_vmax_cm(people) or 1.0


def with_own_scale(style: PictureStyle, people: Sequence[DensePerson]) -> PictureStyle:
    """The style; without `vmax_cm`, that of :func:`own_scale_cm`."""
    if style.vmax_cm is not None:
        return style
    return replace(style, vmax_cm=own_scale_cm(people))


def people_panel(
    picture: np.ndarray, people: Sequence[DensePerson], title: str, scale: Scale | None
) -> Panel:
    """A panel of a picture (h, w, 3) uint8 BGR; without people its title is `NOBODY_FOUND`."""
    return Panel(picture, title, scale) if people else Panel(picture, NOBODY_FOUND)


def make_panels(
    pictures: Sequence[Sequence[str]],
    image: np.ndarray,
    people: Sequence[DensePerson],
    style: PictureStyle,
) -> list[Panel]:
    """Draw the requested pictures of an image.

    Args:
        pictures: from :func:`parse_pictures`.
        image: (H, W, 3) uint8 BGR.
        people: found in it; if none, see `people_panel`.
        style: of all pictures.
    """
    style = with_own_scale(style, people)
    panels = []
    for names in pictures:
        layers = [PICTURE_LAYER_REGISTRY.get(name)(style) for name in names]
        for number in range(max(len(layer.titles) for layer in layers)):
            picture = image
            for layer in layers:
                picture = layer.draw(picture, people, min(number, len(layer.titles) - 1))
            title = ", ".join(layer.titles[min(number, len(layer.titles) - 1)] for layer in layers)
            scales = [layer.scale() for layer in layers]
            scale = next((scale for scale in scales if scale is not None), None)
            panels.append(people_panel(picture, people, title, scale))
    return panels

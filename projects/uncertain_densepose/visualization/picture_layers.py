"""The pictures that can be asked for by name, and how they are laid over each other.

A request is names divided by commas, a picture each; names joined by "+" are laid over each other
in their order: "box,part,sigma+ellipses" is three pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from detectron2.utils.registry import Registry

from ..errors import UserError
from ..inference.error_field import sample_error_field
from ..inference.person import Person
from .boxes import draw_boxes
from .ellipses import draw_ellipses
from .error_pictures import draw_errors, draw_seed
from .isolines import LINE_COLOURS, draw_isolines
from .layers import draw_parts, draw_probability, draw_sigma_cm, draw_uv, shared_vmax_cm
from .palette import COORDINATE_COLOURS, SIGMA_COLOURS
from .picture_grid import BarScale, Panel, Scale, WheelScale

DEFAULT_PICTURES = "box,part,isolines,sigma+ellipses"
ERROR_SCALE = 2.0
"""End of the scale of errors, in ends of the scale of standard deviations."""

NOBODY_FOUND = "nobody found"

PICTURE_LAYER_REGISTRY = Registry("PICTURE_LAYER")
PICTURE_LAYER_REGISTRY.__doc__ = """
Layers of pictures, by the names of :func:`make_panels`.

A registered class is a subclass of :class:`PictureLayer`, built as `cls(style)`.
"""


class PictureNameError(UserError, ValueError):
    """Pictures that do not exist. The message names those that do."""


@dataclass(frozen=True)
class PictureStyle:
    """What all layers share.

    Attributes:
        vmax_cm: end of the scale of standard deviations; None for each image its own, see
            `layers.shared_vmax_cm`.
        num_samples: draws that the layer "samples" shows.
        seed: of these draws.
    """

    vmax_cm: float | None = None
    num_samples: int = 3
    seed: int = 0

    @property
    def error_vmax_cm(self) -> float:
        """End of the scale of errors; `vmax_cm` must be set."""
        if self.vmax_cm is None:
            raise ValueError("a style without `vmax_cm` has no scale of errors")
        return ERROR_SCALE * self.vmax_cm


class PictureLayer:
    """A way to draw people over a picture.

    Attributes:
        titles: one for each picture that the layer gives, most give one.
        needs_noise_model: whether it shows an uncertainty.
    """

    titles: Sequence[str] = ("",)
    needs_noise_model = False

    def __init__(self, style: PictureStyle):
        """
        Args:
            style: its `vmax_cm` is set.
        """
        self.style = style

    def draw(self, picture: np.ndarray, people: Sequence[Person], number: int) -> np.ndarray:
        """The people over a picture (H, W, 3) uint8, blue, green, red, in a new one.

        Args:
            number: which of the layer's pictures, 0..len(titles)-1.
        """
        raise NotImplementedError

    def scale(self) -> Scale | None:
        """What its colours mean, if that needs saying."""
        return None


def register_picture_layer(name: str) -> Callable[[type], type]:
    """Class decorator: register a :class:`PictureLayer` under the name that asks for it."""

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
    """How likely the shown part is, by the network."""

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

    def draw(self, picture, people, number):
        return draw_sigma_cm(picture, people, self.style.vmax_cm)

    def scale(self):
        return BarScale((SIGMA_COLOURS.name,), self.style.vmax_cm, open_end=True)


@register_picture_layer("ellipses")
class EllipseLayer(PictureLayer):
    """Covariances, carried back to the image."""

    titles = ("1σ ellipses",)
    needs_noise_model = True

    def draw(self, picture, people, number):
        return draw_ellipses(picture, people)


@register_picture_layer("samples")
class SampleLayer(PictureLayer):
    """Draws of the joint error, a picture each."""

    needs_noise_model = True

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
    """The names of a request, picture by picture.

    Args:
        request: see the module.

    Raises:
        PictureNameError: there is no such layer.
    """
    pictures = [[name.strip() for name in one.split("+")] for one in request.split(",")]
    for name in (name for picture in pictures for name in picture):
        if name not in PICTURE_LAYER_REGISTRY:
            known = ", ".join(known for known, _ in PICTURE_LAYER_REGISTRY)
            raise PictureNameError(f"no picture {name!r}; there are {known}")
    return pictures


def needs_noise_model(picture: Sequence[str]) -> bool:
    """Whether a picture of :func:`parse_pictures` shows an uncertainty."""
    return any(PICTURE_LAYER_REGISTRY.get(name).needs_noise_model for name in picture)


def own_scale_cm(people: Sequence[Person]) -> float:
    """End of the scale of people: of `shared_vmax_cm`, 1 cm where nobody gives one."""
    return shared_vmax_cm(people) or 1.0


def with_own_scale(style: PictureStyle, people: Sequence[Person]) -> PictureStyle:
    """The style with the scale of the people, if it has none; 1 cm where nobody gives one."""
    if style.vmax_cm is not None:
        return style
    return replace(style, vmax_cm=own_scale_cm(people))


def people_panel(
    picture: np.ndarray, people: Sequence[Person], title: str, scale: Scale | None
) -> Panel:
    """A panel that says `NOBODY_FOUND`, without a scale, where there are no people.

    Args:
        picture: (h, w, 3) uint8, blue, green, red.
        people: that it shows.
        title, scale: of the panel where there are people.
    """
    return Panel(picture, title, scale) if people else Panel(picture, NOBODY_FOUND)


def make_panels(
    pictures: Sequence[Sequence[str]],
    image: np.ndarray,
    people: Sequence[Person],
    style: PictureStyle,
) -> list[Panel]:
    """The pictures of an image.

    Args:
        pictures: of :func:`parse_pictures`.
        image: (H, W, 3) uint8, blue, green, red.
        people: found in it; see `people_panel` for none at all.
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

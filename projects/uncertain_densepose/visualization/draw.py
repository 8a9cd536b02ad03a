"""Pictures of people in one call."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..inference.dense_person import DensePerson
from ..inference.network_input import ImageOrPath, image_array
from .picture_grid import panel_grid
from .picture_layers import (
    PictureNameError,
    PictureStyle,
    make_panels,
    needs_centimetres,
    needs_noise_model,
    parse_pictures,
)
from .picture_size import at_picture_size


def draw(
    image: ImageOrPath,
    people: Sequence[DensePerson],
    pictures: str = "box+part",
    *,
    side: int | None = None,
    style: PictureStyle | None = None,
) -> np.ndarray:
    """Draw people over the picture in which they were found.

    Example::

        cv2.imwrite("shown.png", draw("photo.jpg", predictor("photo.jpg"), "part,sigma"))

    Args:
        image: as for a `Predictor`.
        people: predicted in it, or read from a file.
        pictures: names of layers, "+" over each other and "," side by side; see `picture_layers`.
        side: longer side of each picture, pixels; see `at_picture_size`.
        style: of all pictures.

    Returns:
        (h, w, 3) uint8, blue, green, red.

    Raises:
        ImageError: the image cannot be used.
        ValueError: the people were found in a picture of another size.
        PictureNameError: there is no such layer, or it shows uncertainty or centimetres that the
            people lack.
    """
    asked = parse_pictures(pictures)
    pixels = image_array(image)
    for person in people:
        if person.image_size != pixels.shape[:2]:
            height, width = person.image_size
            raise ValueError(
                f"the people were found in a picture of {width} x {height} pixels, not of "
                f"{pixels.shape[1]} x {pixels.shape[0]}"
            )
    _check(asked, people)
    picture, shown = at_picture_size(pixels, people, side)
    return panel_grid(make_panels(asked, picture, shown, style or PictureStyle()))


def _check(pictures: Sequence[Sequence[str]], people: Sequence[DensePerson]) -> None:
    lacks = {
        "no uncertainty": (needs_noise_model, lambda person: person.has_uncertainty),
        "an unknown surface, without centimetres": (
            needs_centimetres,
            lambda person: person.has_centimetres,
        ),
    }
    for what, (needs, has) in lacks.items():
        asked = ["+".join(names) for names in pictures if needs(names)]
        if asked and not all(map(has, people)):
            raise PictureNameError(f"{', '.join(asked)}: the people have {what}")

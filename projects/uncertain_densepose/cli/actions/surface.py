"""Pictures of people's uncertainty on the body."""

from __future__ import annotations

from pathlib import Path

from ...visualization import BodyPictures
from ..image_run import ImageResults
from .action import Action, ActionError, noise_model_missing, write_png


class ShowOnSurface(Action):
    """Writes NAME.person<i>.png for each person of an image, see `visualization.BodyPictures`.

    Args:
        out: the output folder.
        vmax_cm: upper end of the colour scale, centimetres; by default each person's own.
        person: the index of the only person to draw, highest score first; by default all.
    """

    longest_ending = ".person99.png"

    def __init__(self, out: Path, vmax_cm: float | None = None, person: int | None = None):
        super().__init__(out)
        self._vmax_cm, self._person = vmax_cm, person

    def take_model(self, cfg, surface):
        missing = noise_model_missing(cfg)
        if missing is not None:
            raise ActionError(f"{missing}: there is no uncertainty to paint on the body")
        self._body = BodyPictures(surface)

    @property
    def settings(self):
        return {"vmax_cm": self._vmax_cm, "person": self._person}

    def write(self, image, pixels, people):
        chosen = [i for i in range(len(people)) if self._person in (None, i)]
        names = [f"{image.name}.person{i}.png" for i in chosen]
        for index, name in zip(chosen, names, strict=True):
            picture = self._body.draw(pixels, people, index, self._vmax_cm)
            write_png(self.out / name, picture)
        return ImageResults(names)

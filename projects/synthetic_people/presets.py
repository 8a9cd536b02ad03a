"""The synthetic data sets that have a name."""

from __future__ import annotations

import dataclasses

from .pose import STANCES
from .scene_kind import SceneKind, Street

SPLITS = ("train", "val")


@dataclasses.dataclass(frozen=True)
class Preset:
    """Attributes:
    train, val: numbers of images.
    image_sizes: (width, height) in pixels; each image has one of them.
    purpose: what it is for.
    scene: what its images show.
    """

    train: int
    val: int
    image_sizes: tuple[tuple[int, int], ...]
    purpose: str
    scene: SceneKind = SceneKind()

    def num_images(self, split: str) -> int:
        """Images of ``train`` or ``val``."""
        return {"train": self.train, "val": self.val}[split]


PRESETS: dict[str, Preset] = {
    "tiny": Preset(12, 6, ((256, 256),), "tests; seconds"),
    "demo": Preset(700, 80, ((256, 256),), "`make demo`; about two minutes on two cores"),
    "bench": Preset(
        6000, 500, ((256, 256), (320, 256), (256, 320), (320, 320)), "experiments; about 20 minutes"
    ),
    "upright": Preset(
        4000,
        800,
        ((128, 160),),
        "experiments on a CPU: one whole person who stands or walks",
        SceneKind((1.0,), ("stand", "contrapposto", "walk"), 0.0, False),
    ),
    "photo": Preset(
        4000,
        300,
        ((256, 256), (320, 256), (256, 320), (320, 320)),
        "models for photographs: loose clothes, hair, bags, half bodies and portraits",
        SceneKind(volumes=True, portrait_share=0.25),
    ),
    "street": Preset(
        4000,
        300,
        ((320, 256), (256, 320), (320, 320)),
        "people dressed and photographed in all ways, best with --backgrounds",
        SceneKind(stances=tuple(STANCES), volumes=True, street=Street()),
    ),
}
"""All presets, by name."""


def find_preset(name: str) -> Preset:
    """The preset of that name.

    Raises:
        ValueError: the name is unknown.
    """
    if name not in PRESETS:
        raise ValueError(f"unknown preset '{name}'; known: {', '.join(PRESETS)}")
    return PRESETS[name]


def preset_table() -> str:
    """The presets as text, a line each."""
    return "\n".join(
        f"  {name:6} {preset.train:5} train, {preset.val:4} val, "
        f"{' '.join(f'{w}x{h}' for w, h in preset.image_sizes)}: {preset.purpose}"
        for name, preset in PRESETS.items()
    )

"""What users choose from by name, with nothing to import: `--help` lists it without its code.

The feature that gives a name its meaning is named beside it; tests compare the two.
"""

ANIMATION_FORMATS = ("gif", "webp")
"""Of `visualization.encode_animation`."""

DEFAULT_PICTURES = "box,part,isolines,sigma+ellipses"
"""Of `visualization.parse_pictures`."""

PICTURE_SIDE_RANGE = (640, 1600)
"""Pixels of a picture's longer side; an image whose own side lies between them is not resized."""

DUMP_FORMAT_NAMES = ("npz", "coco", "iuv", "inds", "parts", "cutout")
"""Keys of `cli.actions.DUMP_FORMATS`."""

FUSION_RULE_NAMES = ("average", "inverse_covariance", "joint")
"""Keys of `inference.FUSION_RULES`."""

PROTOCOL_NAMES = ("strict", "reference")
"""Keys of `evaluation.PROTOCOLS`."""

BOX_SOURCES = ("detected", "annotated")
"""Keys of `cli.keypoints.FIND`."""

UP_AXIS_NAMES = ("y", "z")
"""Keys of `surface.importers.UP_AXES`."""

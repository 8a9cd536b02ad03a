"""Models by name, as `detectron2.model_zoo` has them: configs and released checkpoints.

Example::

    from uncertain_densepose import model_zoo
    model = model_zoo.get("synth/unc_full_small")

`names()` lists all; those without a released checkpoint say how to train them.
"""

from pathlib import Path

from .zoo import ModelZoo, Release

BUILTIN = ModelZoo(Path(__file__).parent)
"""The project's own models. The functions below are its methods."""

names = BUILTIN.names
get_config_file = BUILTIN.get_config_file
get_config = BUILTIN.get_config
get_checkpoint = BUILTIN.get_checkpoint
get = BUILTIN.get
write_pickle = BUILTIN.write_pickle

__all__ = [
    "BUILTIN",
    "ModelZoo",
    "Release",
    "get",
    "get_checkpoint",
    "get_config",
    "get_config_file",
    "names",
    "write_pickle",
]

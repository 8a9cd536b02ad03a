"""Models by name, as in `detectron2.model_zoo`: configs and released checkpoints.

Example::

    from uncertain_densepose import model_zoo
    model = model_zoo.get("synth/unc_full_small")

`names()` lists all models. The error for one without a checkpoint says how to train it. Those of
DensePose's authors, `densepose/...`, are downloaded when they are first asked for.
"""

from pathlib import Path

from .published import PublishedModel
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
    "PublishedModel",
    "Release",
    "get",
    "get_checkpoint",
    "get_config",
    "get_config_file",
    "names",
    "write_pickle",
]

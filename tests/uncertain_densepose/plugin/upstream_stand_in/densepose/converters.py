"""Conversion by the type of an output, or of its bases."""

import torch

from .structures import DensePoseChartPredictorOutput


class BaseConverter:
    @classmethod
    def register(cls, from_type, converter):
        cls.registry[from_type] = converter

    @classmethod
    def convert(cls, instance, *args):
        kind = next(base for base in type(instance).__mro__ if base in cls.registry)
        return cls.registry[kind](instance, *args)


class HFlipConverter(BaseConverter):
    registry = {}


def flipped(output, transform_data):
    """As DensePose's, of every tensor along its fourth dimension."""
    return type(output)(**{key: torch.flip(t, [3]) for key, t in vars(output).items()})


HFlipConverter.register(DensePoseChartPredictorOutput, flipped)

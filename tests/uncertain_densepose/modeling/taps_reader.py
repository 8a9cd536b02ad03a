"""Reading of whole maps with taps, the slow way."""

import torch


def read_taps(maps, item, taps_x, taps_y):
    """(P, C) of maps (N, C, H, W) of `item` (P,), with index and weight (P, T) along each axis."""
    (x, weight_x), (y, weight_y) = taps_x, taps_y
    window = maps[item[:, None, None], :, y[:, :, None], x[:, None, :]]
    weight = (weight_y[:, :, None] * weight_x[:, None, :]).to(maps.dtype)
    return torch.einsum("pyxc,pyx->pc", window, weight)

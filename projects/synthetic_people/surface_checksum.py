"""Which surface a data set was annotated on."""

from __future__ import annotations

import zlib

import numpy as np

from uncertain_densepose.surface import Surface


def surface_crc32(surface: Surface) -> int:
    """CRC-32 of the arrays of a surface that annotations depend on."""
    crc = 0
    for array in (surface.vertices, surface.faces, surface.face_part, surface.face_uv):
        crc = zlib.crc32(np.ascontiguousarray(array).data, crc)
    return crc

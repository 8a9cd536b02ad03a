"""Result files: records with quantised dense pose in all of their forms."""

import base64
import io
import json

import numpy as np
from PIL import Image


def png_text(iuv: np.ndarray) -> str:
    """An array (3, h, w) uint8 as a PNG in base64, in lines, as DensePose's tools write it."""
    stream = io.BytesIO()
    Image.fromarray(np.moveaxis(iuv, 0, -1)).save(stream, format="png", optimize=True)
    return base64.encodebytes(stream.getvalue()).decode()


FORMS = {
    "lists": lambda iuv: {"densepose": iuv.tolist()},
    "quantized": lambda iuv: {"densepose": {"labels_uv_uint8": iuv.tolist()}},
    "compressed": lambda iuv: {
        "densepose": {"shape_chw": list(iuv.shape), "labels_uv_str": png_text(iuv)}
    },
    "2018": lambda iuv: {"uv_shape": list(iuv.shape), "uv_data": png_text(iuv)},
}


def record(image_id, box, score, iuv, form="2018", **fields) -> dict:
    """A detection in an XYWH box."""
    return {
        "image_id": image_id,
        "category_id": 1,
        "bbox": [float(v) for v in box],
        "score": score,
        **FORMS[form](iuv),
        **fields,
    }


def constant_iuv(box, part, u, v) -> np.ndarray:
    """(3, h, w) uint8: the same answer all over a box."""
    _, _, width, height = (int(side) for side in box)
    answer = np.array([part, round(255 * u), round(255 * v)], dtype=np.uint8)
    return np.broadcast_to(answer[:, None, None], (3, height, width)).copy()


def write_results(path, records) -> str:
    path.write_text(json.dumps(records))
    return str(path)

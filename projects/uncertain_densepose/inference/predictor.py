"""From images to people with dense correspondences, in one call."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar, overload

import numpy as np
import torch
from detectron2.config import CfgNode
from detectron2.data import MetadataCatalog
from detectron2.data import transforms as T
from detectron2.modeling import GeneralizedRCNN, build_model
from detectron2.structures import Boxes, Instances
from PIL import Image

from .. import model_zoo
from ..checkpoint import TrainedCheckpointer
from ..config import ConfigError, load_config
from ..data.picture_file import (
    ImageError,
    as_bgr,
    check_channel_order,
    in_channel_order,
    read_image,
)
from ..device import usable_device
from ..modeling.equal_batches import equal_batches
from ..surface.metric import ChartMetric
from ..surface.paths import charts_path, default_surface_path
from .person import Person, people_from_instances

ImageOrPath = np.ndarray | torch.Tensor | Image.Image | str | os.PathLike
"""An array, a tensor of an array's shape, or a picture of Pillow, see `picture_file.as_bgr`, or the
path of an image file, see `read_image`."""

_PIXELS_PER_STRIP = 1 << 22

_Image = TypeVar("_Image", bound=ImageOrPath)


def surface_path(cfg: CfgNode) -> str:
    """Path of a file with the charts of the surface that a config's model predicts.

    This is `DENSEPOSE_EVALUATION.SURFACE` if set, else the `densepose_surface` of the first data
    set of `DATASETS.TEST`, else the embedded body. If that has not been built, it is the package's
    own file of its charts, without geodesic distances; see `surface.paths.charts_path`.
    """
    if cfg.DENSEPOSE_EVALUATION.SURFACE:
        return cfg.DENSEPOSE_EVALUATION.SURFACE
    stated = None
    if cfg.DATASETS.TEST:
        stated = MetadataCatalog.get(cfg.DATASETS.TEST[0]).get("densepose_surface")
    return str(charts_path(stated or default_surface_path()))


class Predictor:
    """Runs a trained model on images, like Detectron2's `DefaultPredictor`.

    Example::

        from uncertain_densepose.inference import Predictor
        predictor = Predictor("configs/synth/unc_full.yaml", "output/demo/model_final.pth")
        people = predictor("photo.jpg")
        people[0].part, people[0].uv, people[0].sigma_cm

    Args:
        config_file: path of the yaml that the model was trained with.
        weights: its checkpoint, a path or an address that Detectron2 can resolve.
        device: by default :func:`usable_device`: CUDA, MPS or the CPU.
        score_threshold: drop detections below it, 0..1.
        surface: path of the surface file; by default :func:`surface_path` of the config.
        overrides: KEY, VALUE, ... that override values of the config.

    Raises:
        FileNotFoundError: the config or the weights are missing.
        ConfigError: a value of the config, the threshold or the device cannot be used.
        WeightsError: the weights belong to another noise model, are incomplete or damaged, or
            contain code.
        SurfaceFileError: the surface file is missing or not valid.
    """

    def __init__(
        self,
        config_file: str | os.PathLike,
        weights: str | os.PathLike,
        device: str | torch.device | None = None,
        score_threshold: float = 0.5,
        surface: str | None = None,
        overrides: Sequence[str] = (),
    ):
        _check_threshold(score_threshold)
        config_file, weights = os.fspath(config_file), os.fspath(weights)
        cfg = load_config(config_file, overrides)
        if "://" not in weights and not os.path.isfile(weights):
            raise FileNotFoundError(
                f"{weights}: no such checkpoint; train one with "
                f"`python tools/train_net.py --config-file {config_file}`, or run `make demo`"
            )
        cfg.MODEL.WEIGHTS = weights
        cfg.MODEL.DEVICE = usable_device(device)
        # No dense prediction for boxes that will be dropped.
        cfg.MODEL.ROI_HEADS.SCORE_THRESH_TEST = score_threshold
        metric = ChartMetric.load(surface or surface_path(cfg))
        model = build_model(cfg)
        TrainedCheckpointer(model).load(weights)
        self._set_up(cfg, model, metric, score_threshold)

    @classmethod
    def from_zoo(
        cls,
        name: str,
        device: str | torch.device | None = None,
        score_threshold: float = 0.5,
        overrides: Sequence[str] = (),
    ) -> Predictor:
        """The predictor of a released model.

        Example::

            people = Predictor.from_zoo("synth/unc_full_small")("photo.jpg")

        Args:
            name: one of `model_zoo.names()` that has been released, see MODEL_ZOO.md.
            device, score_threshold, overrides: see :class:`Predictor`.

        Raises:
            ConfigError: the zoo has no such model, or the device or an override cannot be used.
            WeightsError: it has not been released, or its file differs from the release.
            SurfaceFileError: the surface file is missing or not valid.
        """
        config_file, weights = model_zoo.get_config_file(name), model_zoo.get_checkpoint(name)
        return cls(config_file, weights, device, score_threshold, overrides=overrides)

    @classmethod
    def from_model(
        cls,
        cfg: CfgNode,
        model: GeneralizedRCNN,
        metric: ChartMetric,
        score_threshold: float = 0.5,
    ) -> Predictor:
        """The predictor of a model that is already in memory.

        Args:
            cfg: the model's config; `INPUT` and `MODEL.DEVICE` are used.
            model: a Detectron2 model whose instances have `pred_densepose`; put into evaluation
                mode.
            metric: of the surface that the model predicts.
            score_threshold: drop detections below it, 0..1.

        Raises:
            ConfigError: the threshold is not in 0..1, the weights are not float32, or
                `INPUT.FORMAT` is neither BGR nor RGB.
        """
        _check_threshold(score_threshold)
        predictor = cls.__new__(cls)
        predictor._set_up(cfg, model, metric, score_threshold)
        return predictor

    def _set_up(
        self, cfg: CfgNode, model: GeneralizedRCNN, metric: ChartMetric, score_threshold: float
    ) -> None:
        check_channel_order(cfg.INPUT.FORMAT)
        _check_precision(model)
        self.cfg = cfg.clone()
        self.model = model.eval()
        self.metric = metric
        self.score_threshold = score_threshold
        self._resize = T.ResizeShortestEdge(
            [cfg.INPUT.MIN_SIZE_TEST, cfg.INPUT.MIN_SIZE_TEST], cfg.INPUT.MAX_SIZE_TEST
        )

    @overload
    def __call__(self, image: ImageOrPath) -> list[Person]: ...

    @overload
    def __call__(self, image: list[_Image]) -> list[list[Person]]: ...

    @torch.no_grad()
    def __call__(self, image):
        """Find the people in an image, or in each image of a batch.

        Args:
            image: the path of a file, or an array (H, W, 3) uint8 in [0, 255], channels blue,
                green, red, as `cv2.imread` returns it; grey, 16-bit and four-channel arrays are
                converted, and so are pictures of Pillow, see `data.picture_file`, and tensors of
                an array's shape, whose channels are last. A list of these is run in batches of
                equal size, so that a picture's answer does not depend on the others.

        Returns:
            The people whose score reaches the threshold, highest score first. For a list, one such
            list per image.

        Raises:
            ImageError: an image cannot be used; for a list, the message has its number.
        """
        if not isinstance(image, list):
            return self([image])[0]
        inputs = [self._network_input(one) for one in _arrays(image)]
        found: list[list[Person]] = [[] for _ in inputs]
        for batch in equal_batches(self.model, inputs):
            outputs = self.model([inputs[index] for index in batch])
            for index, output in zip(batch, outputs, strict=True):
                each = output["instances"]
                likely = each[each.scores >= self.score_threshold]
                found[index] = people_from_instances(likely, self.metric)
        return found

    @torch.no_grad()
    def predict_boxes(self, image: ImageOrPath, boxes_xyxy: np.ndarray) -> list[Person]:
        """Predict dense correspondences in given boxes, without detection.

        Args:
            image: one image, as for a call.
            boxes_xyxy: (N, 4) edges in pixels; each box must overlap the image.

        Returns:
            One person of score 1 per box, in the order of the boxes.

        Raises:
            ImageError: the image cannot be used.
            ValueError: `boxes_xyxy` is not (N, 4), or a box is not finite, has no width or height,
                or lies outside the image; the message has its index.
        """
        boxes_xyxy = np.asarray(boxes_xyxy, dtype=np.float32)
        if boxes_xyxy.ndim != 2 or boxes_xyxy.shape[1] != 4:
            raise ValueError(f"boxes_xyxy must have shape (N, 4), not {boxes_xyxy.shape}")
        (image,) = _arrays([image])
        _check_boxes(boxes_xyxy, *image.shape[:2])
        network_input = self._network_input(image)
        network_size = tuple(network_input["image"].shape[-2:])
        scale = np.array(network_size[::-1], np.float32) / np.array(image.shape[1::-1], np.float32)
        known = Instances(network_size)
        known.pred_boxes = Boxes(torch.from_numpy(boxes_xyxy * np.tile(scale, 2)))
        known.pred_classes = torch.zeros(len(boxes_xyxy), dtype=torch.int64)
        known.scores = torch.ones(len(boxes_xyxy))
        # Post-processing would clip the boxes to the image, but not their maps.
        found = self.model.inference(
            [network_input], [known.to(self.cfg.MODEL.DEVICE)], do_postprocess=False
        )[0]
        in_image = Instances(image.shape[:2])
        in_image.pred_boxes = Boxes(torch.from_numpy(boxes_xyxy))
        in_image.scores = torch.ones(len(boxes_xyxy))
        in_image.pred_densepose = found.pred_densepose
        return people_from_instances(in_image, self.metric)

    def _network_input(self, image: np.ndarray) -> dict:
        height, width = image.shape[:2]
        ordered = in_channel_order(image, self.cfg.INPUT.FORMAT)
        shortest, longest = self.cfg.INPUT.MIN_SIZE_TEST, self.cfg.INPUT.MAX_SIZE_TEST
        if shortest and not all(
            T.ResizeShortestEdge.get_output_shape(height, width, shortest, longest)
        ):
            raise ImageError(
                f"an image of {width} x {height} pixels is too narrow: when its longer side is "
                f"{longest} pixels, nothing is left of the shorter one"
            )
        resized = resized_in_strips(ordered, self._resize.get_transform(ordered))
        pixels = torch.from_numpy(resized.astype(np.float32).transpose(2, 0, 1).copy())
        return {"image": pixels, "height": height, "width": width}


def _check_threshold(score_threshold: float) -> None:
    if not 0 <= score_threshold <= 1:
        raise ConfigError(f"score_threshold must be in 0..1, not {score_threshold}")


def resized_in_strips(pixels: np.ndarray, resize: T.Transform) -> np.ndarray:
    """`resize.apply_image(pixels)` to the last bit, without a copy of a large picture.

    Pillow resizes rows first, each by itself, and then columns; what it is given, it copies.

    Args:
        pixels: (H, W, 3) uint8.
        resize: of `ResizeShortestEdge`.
    """
    height, width = pixels.shape[:2]
    if not isinstance(resize, T.ResizeTransform) or height * width <= _PIXELS_PER_STRIP:
        return np.asarray(resize.apply_image(pixels))
    step = max(_PIXELS_PER_STRIP // width, 1)
    narrow = np.empty((height, resize.new_w, 3), np.uint8)
    for first in range(0, height, step):
        rows = pixels[first : first + step]
        across = T.ResizeTransform(*rows.shape[:2], len(rows), resize.new_w, resize.interp)
        narrow[first : first + step] = across.apply_image(rows)
    down = T.ResizeTransform(height, resize.new_w, resize.new_h, resize.new_w, resize.interp)
    return np.asarray(down.apply_image(narrow))


def _check_precision(model: GeneralizedRCNN) -> None:
    """Refuse weights that Detectron2's layers do not take pictures with.

    Raises:
        ConfigError: some are not float32.
    """
    other = {str(p.dtype) for p in model.parameters() if p.dtype != torch.float32}
    if other:
        raise ConfigError(
            f"the model has weights of {', '.join(sorted(other))}; keep them in float32, and for "
            "half precision call the predictor within torch.autocast"
        )


def _check_boxes(boxes_xyxy: np.ndarray, height: int, width: int) -> None:
    """Refuse boxes (N, 4) that are not valid or do not overlap the image; see `predict_boxes`."""
    x0, y0, x1, y1 = boxes_xyxy.T
    oddities = {
        "has a coordinate that is not finite": ~np.isfinite(boxes_xyxy).all(axis=1),
        "has no width or no height": (x1 <= x0) | (y1 <= y0),
        f"lies outside the image of {width} x {height} pixels": (
            (x1 <= 0) | (y1 <= 0) | (x0 >= width) | (y0 >= height)
        ),
    }
    for what, odd in oddities.items():
        if odd.any():
            index = int(odd.argmax())
            raise ValueError(f"box {index} of boxes_xyxy, {boxes_xyxy[index].tolist()}, {what}")


def _arrays(images: Sequence[ImageOrPath]) -> list[np.ndarray]:
    """Images as arrays (H, W, 3) uint8 BGR; an ImageError has the number of one of several."""
    arrays = []
    for number, image in enumerate(images):
        try:
            if isinstance(image, (str, os.PathLike)):
                arrays.append(read_image(image))
            elif isinstance(image, torch.Tensor):
                arrays.append(as_bgr(_array(image)))
            else:
                arrays.append(as_bgr(image))
        except ImageError as error:
            raise ImageError(f"image {number}: {error}" if len(images) > 1 else error) from error
    return arrays


def _array(image: torch.Tensor) -> np.ndarray:
    if image.dtype != torch.uint8:
        raise ImageError(f"a tensor must be uint8 in [0, 255], not {image.dtype}")
    if image.ndim == 3 and len(image) in (3, 4) and image.shape[2] not in (3, 4):
        raise ImageError(
            f"a tensor must be (H, W, 3), blue, green, red, not {tuple(image.shape)}:"
            " permute(1, 2, 0) puts its channels last, flip(2) makes RGB BGR"
        )
    return image.detach().cpu().numpy()

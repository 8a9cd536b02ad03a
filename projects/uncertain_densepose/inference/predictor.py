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

from .. import model_zoo
from ..checkpoint import TrainedCheckpointer
from ..config import load_config
from ..device import usable_device
from ..surface.metric import ChartMetric
from ..surface.paths import charts_path, default_surface_path
from .image_input import ImageError, as_bgr, read_image
from .person import Person, people_from_instances

ImageOrPath = np.ndarray | str | os.PathLike
"""An array as `image_input.as_bgr` takes it, or the path of a file as `read_image` does."""

_Image = TypeVar("_Image", bound=ImageOrPath)


def surface_path(cfg: CfgNode) -> str:
    """Path of a file that has the charts of the surface that a config's model predicts.

    The surface is `DENSEPOSE_EVALUATION.SURFACE` where that is set, else what the first data set of
    `DATASETS.TEST` states as `densepose_surface`, and the embedded body where neither says. While
    the embedded body has not been built, its charts are those of the package, which have no
    geodesic distances, see `surface.paths.charts_path`.
    """
    if cfg.DENSEPOSE_EVALUATION.SURFACE:
        return cfg.DENSEPOSE_EVALUATION.SURFACE
    stated = None
    if cfg.DATASETS.TEST:
        stated = MetadataCatalog.get(cfg.DATASETS.TEST[0]).get("densepose_surface")
    return str(charts_path(stated or default_surface_path()))


class Predictor:
    """Runs a trained model on images, by the conventions of Detectron2's predictor.

    Example::

        from uncertain_densepose.inference import Predictor
        predictor = Predictor("configs/synth/unc_full.yaml", "output/demo/model_final.pth")
        people = predictor("photo.jpg")
        people[0].part, people[0].uv, people[0].sigma_cm

    Args:
        config_file: path of the yaml with which the model was trained.
        weights: its checkpoint, a path or an address that Detectron2 can resolve.
        device: where to run; by default :func:`usable_device`: CUDA, MPS or the CPU.
        score_threshold: detections below it are left out, 0 to 1.
        surface: path of the surface file; by default :func:`surface_path` of the config.
        overrides: KEY, VALUE, ... that replace values of the config.

    Raises:
        FileNotFoundError: the config or the weights are missing.
        ConfigError: a value of the config, or the device, cannot be used.
        WeightsError: the weights are of another noise model than the config names, not those of a
            whole model, damaged, or ask to run something.
        SurfaceFileError: the surface file is missing or is no valid surface.
    """

    def __init__(
        self,
        config_file: str,
        weights: str,
        device: str | None = None,
        score_threshold: float = 0.5,
        surface: str | None = None,
        overrides: Sequence[str] = (),
    ):
        cfg = load_config(config_file, overrides)
        if "://" not in weights and not os.path.isfile(weights):
            raise FileNotFoundError(
                f"{weights}: no such checkpoint; train one with "
                f"`python tools/train_net.py --config-file {config_file}`, or run `make demo`"
            )
        cfg.MODEL.WEIGHTS = weights
        cfg.MODEL.DEVICE = usable_device(device)
        # Boxes that will be left out need no dense prediction.
        cfg.MODEL.ROI_HEADS.SCORE_THRESH_TEST = score_threshold
        metric = ChartMetric.load(surface or surface_path(cfg))
        model = build_model(cfg)
        TrainedCheckpointer(model).load(weights)
        self._set_up(cfg, model, metric, score_threshold)

    @classmethod
    def from_zoo(
        cls,
        name: str,
        device: str | None = None,
        score_threshold: float = 0.5,
        overrides: Sequence[str] = (),
    ) -> Predictor:
        """A predictor of a released model.

        Example::

            people = Predictor.from_zoo("synth/unc_full_small")("photo.jpg")

        Args:
            name: one of `model_zoo.names()` that has been released, see MODEL_ZOO.md.
            device, score_threshold, overrides: as of the constructor.

        Raises:
            ConfigError: the zoo has no such model, or the device or an override cannot be used.
            WeightsError: it has not been released, or its file is not what was released.
            SurfaceFileError: the surface file is missing or is no valid surface.
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
        """A predictor of a model that is in memory already.

        Args:
            cfg: the model's config; `INPUT` and `MODEL.DEVICE` are read.
            model: a Detectron2 model whose instances carry `pred_densepose`. It is put into
                evaluation mode.
            metric: of the surface that the model predicts.
            score_threshold: detections below it are left out.
        """
        predictor = cls.__new__(cls)
        predictor._set_up(cfg, model, metric, score_threshold)
        return predictor

    def _set_up(
        self, cfg: CfgNode, model: GeneralizedRCNN, metric: ChartMetric, score_threshold: float
    ) -> None:
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
        """Find the people of an image, or of each image of a batch.

        Args:
            image: the path of a file, or an array (H, W, 3) uint8, [0, 255], channels in the order
                blue, green, red, as `cv2.imread` gives it. Grey, 16-bit and four-channel images are
                converted as `image_input` says. A list of these runs as one batch.

        Returns:
            The people whose score reaches the threshold, the surest first, none of them being an
            empty list. For a list, one such list an image.

        Raises:
            ImageError: `image`, or the one of the list that the message names, is not of that kind.
        """
        if not isinstance(image, list):
            return self([image])[0]
        outputs = self.model([self._network_input(one) for one in _arrays(image)]) if image else []
        found = [output["instances"] for output in outputs]
        return [
            people_from_instances(each[each.scores >= self.score_threshold], self.metric)
            for each in found
        ]

    @torch.no_grad()
    def predict_boxes(self, image: ImageOrPath, boxes_xyxy: np.ndarray) -> list[Person]:
        """Dense correspondences in boxes that are known, without detection.

        Args:
            image: one image, as for a call.
            boxes_xyxy: (N, 4) pixels of the image, which each box covers at least a part of.

        Returns:
            One person a box in the order of the boxes, each of score 1.

        Raises:
            ImageError: `image` is not of that kind.
            ValueError: `boxes_xyxy` is not (N, 4); or a box, which the message numbers from 0, is
                not finite, has no width or height, or lies outside the image.
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
        # The post-processing would clip the boxes to the image, away from what their maps cover.
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
        ordered = image[:, :, ::-1] if self.cfg.INPUT.FORMAT == "RGB" else image
        shortest, longest = self.cfg.INPUT.MIN_SIZE_TEST, self.cfg.INPUT.MAX_SIZE_TEST
        if shortest and not all(
            T.ResizeShortestEdge.get_output_shape(height, width, shortest, longest)
        ):
            raise ImageError(
                f"an image of {width} x {height} pixels is too narrow: resized to at most "
                f"{longest} pixels, nothing is left of its shorter side"
            )
        resized = self._resize.get_transform(ordered).apply_image(ordered)
        pixels = torch.from_numpy(resized.astype(np.float32).transpose(2, 0, 1).copy())
        return {"image": pixels, "height": height, "width": width}


def _check_boxes(boxes_xyxy: np.ndarray, height: int, width: int) -> None:
    """Raises: ValueError: one of the boxes (N, 4), pixels, covers nothing of the image."""
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
    """Images as arrays (H, W, 3) uint8, blue, green, red.

    Raises:
        ImageError: one of them cannot be used; of several, the message has its number.
    """
    arrays = []
    for number, image in enumerate(images):
        try:
            if isinstance(image, (str, os.PathLike)):
                arrays.append(read_image(image))
            else:
                arrays.append(as_bgr(image))
        except ImageError as error:
            raise ImageError(f"image {number}: {error}" if len(images) > 1 else error) from error
    return arrays

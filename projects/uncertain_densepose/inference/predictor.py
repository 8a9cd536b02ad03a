"""From images to people with dense correspondences, in one call."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TypeVar, overload

import numpy as np
import torch
from detectron2.config import CfgNode
from detectron2.modeling import GeneralizedRCNN, build_model
from detectron2.structures import Boxes, Instances

from .. import model_zoo
from ..checkpoint import TrainedCheckpointer
from ..config import ConfigError, load_config
from ..device import usable_device
from ..modeling.equal_batches import equal_batches
from ..structures import ChartMaps
from ..surface.metric import ChartMetric
from .model_surface import chart_metric
from .network_input import ImageOrPath, NetworkInput, image_array, image_arrays
from .person import Person, people_from_instances
from .second_look import second_look_of

Detector = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Finds people in an image (H, W, 3) uint8 BGR: boxes (N, 4), edges in pixels, and scores (N,)."""

_Image = TypeVar("_Image", bound=ImageOrPath)


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
        surface: path of the surface file; by default :func:`chart_metric` of the config, which
            leaves predictions in chart units where that surface has not been imported.
        overrides: KEY, VALUE, ... that override values of the config.
        detector: finds the people in place of the model.

    Raises:
        FileNotFoundError: the config or the weights are missing.
        ConfigError: a value of the config, the threshold or the device cannot be used.
        WeightsError: the weights belong to another noise model, are incomplete or damaged, or
            contain code.
        SurfaceFileError: the surface file is not valid, or is named and missing.
    """

    def __init__(
        self,
        config_file: str | os.PathLike,
        weights: str | os.PathLike,
        device: str | torch.device | None = None,
        score_threshold: float = 0.5,
        surface: str | None = None,
        overrides: Sequence[str] = (),
        detector: Detector | None = None,
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
        metric = ChartMetric.load(surface) if surface else chart_metric(cfg)
        model = build_model(cfg)
        TrainedCheckpointer(model).load(weights)
        self._set_up(cfg, model, metric, score_threshold, detector)

    @classmethod
    def from_zoo(
        cls,
        name: str,
        device: str | torch.device | None = None,
        score_threshold: float = 0.5,
        overrides: Sequence[str] = (),
        detector: Detector | None = None,
        root: str | os.PathLike | None = None,
        surface: str | None = None,
    ) -> Predictor:
        """The predictor of a released or published model.

        Example::

            people = Predictor.from_zoo("synth/unc_full_small")("photo.jpg")

        Args:
            name: one of `model_zoo.names()` that has a checkpoint, see MODEL_ZOO.md.
            device, score_threshold, overrides, detector, surface: see :class:`Predictor`. Models
                named `densepose/...` predict SMPL's charts, whose surface is imported with
                `tools/import_surface.py`.
            root: a folder that has the checkpoint, see `model_zoo.get_checkpoint`.

        Raises:
            ConfigError: the zoo has no such model, or the device or an override cannot be used.
            WeightsError: it has not been released, cannot be downloaded, or its file differs from
                the release.
            SurfaceFileError: see :class:`Predictor`.
        """
        config_file, weights = model_zoo.get_config_file(name), model_zoo.get_checkpoint(name, root)
        return cls(config_file, weights, device, score_threshold, surface, overrides, detector)

    @classmethod
    def from_model(
        cls,
        cfg: CfgNode,
        model: GeneralizedRCNN,
        metric: ChartMetric,
        score_threshold: float = 0.5,
        detector: Detector | None = None,
    ) -> Predictor:
        """The predictor of a model that is already in memory.

        Args:
            cfg: the model's config; `INPUT` and `MODEL.DEVICE` are used.
            model: a Detectron2 model whose instances have `pred_densepose`; put into evaluation
                mode.
            metric: of the surface that the model predicts.
            score_threshold: drop detections below it, 0..1.
            detector: see :class:`Predictor`.

        Raises:
            ConfigError: the threshold is not in 0..1, the weights are not float32, or
                `INPUT.FORMAT` is neither BGR nor RGB.
        """
        _check_threshold(score_threshold)
        predictor = cls.__new__(cls)
        predictor._set_up(cfg, model, metric, score_threshold, detector)
        return predictor

    def _set_up(
        self,
        cfg: CfgNode,
        model: GeneralizedRCNN,
        metric: ChartMetric,
        score_threshold: float,
        detector: Detector | None,
    ) -> None:
        _check_precision(model)
        self._network_input = NetworkInput(cfg)
        self.cfg = cfg.clone()
        self.model = model.eval()
        self.metric = metric
        self.score_threshold = score_threshold
        self.detector = detector
        self._second_look = second_look_of(cfg, model, self._network_input)

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
                an array's shape, whose channels are last, and the bytes of an image file. A list of
                these is run in batches of equal size, so that a picture's answer does not depend on
                the others.

        Returns:
            The people whose score reaches the threshold, highest score first. For a list, one such
            list per image.

        Raises:
            ImageError: an image cannot be used; for a list, the message has its number.
        """
        if not isinstance(image, list):
            return self([image])[0]
        images = image_arrays(image)
        if self.detector is not None:
            return [self._where_detected(one, self.detector) for one in images]
        inputs = [self._network_input.whole(one) for one in images]
        found: list[list[Person]] = [[] for _ in inputs]
        for batch in equal_batches(self.model, inputs):
            outputs = self.model([inputs[index] for index in batch])
            for index, output in zip(batch, outputs, strict=True):
                each = output["instances"]
                likely = each[each.scores >= self.score_threshold]
                found[index] = people_from_instances(likely, self.metric)
        look = self._second_look
        if look is None:
            return found
        return [look.people(one, each) for one, each in zip(images, found, strict=True)]

    def _where_detected(self, image: np.ndarray, detector: Detector) -> list[Person]:
        boxes_xyxy, scores = map(np.asarray, detector(image))
        likely = np.flatnonzero(scores >= self.score_threshold)
        order = likely[np.argsort(-scores[likely], kind="stable")]
        return self.predict_boxes(image, boxes_xyxy.reshape(-1, 4)[order], scores[order])

    @torch.no_grad()
    def predict_boxes(
        self, image: ImageOrPath, boxes_xyxy: np.ndarray, scores: np.ndarray | None = None
    ) -> list[Person]:
        """Predict dense correspondences in given boxes, without detection.

        Args:
            image: one image, as for a call.
            boxes_xyxy: (N, 4) edges in pixels; each box must overlap the image.
            scores: (N,) of the detector that found them, 1 by default.

        Returns:
            One person per box, in the order of the boxes.

        Raises:
            ImageError: the image cannot be used.
            ValueError: `boxes_xyxy` is not (N, 4), or `scores` not (N,); or a box is not finite,
                has no width or height, or lies outside the image, and the message has its index.
        """
        boxes_xyxy = np.asarray(boxes_xyxy, dtype=np.float32)
        if boxes_xyxy.ndim != 2 or boxes_xyxy.shape[1] != 4:
            raise ValueError(f"boxes_xyxy must have shape (N, 4), not {boxes_xyxy.shape}")
        if scores is not None and np.shape(scores) != (len(boxes_xyxy),):
            raise ValueError(f"scores must have shape ({len(boxes_xyxy)},), not {np.shape(scores)}")
        image = image_array(image)
        _check_boxes(boxes_xyxy, *image.shape[:2])
        maps = self._maps_in(image, boxes_xyxy) if len(boxes_xyxy) else []
        scores = np.ones(len(maps)) if scores is None else np.asarray(scores)
        return [
            Person(box, float(score), one, image.shape[:2], self.metric)
            for box, score, one in zip(boxes_xyxy, scores, maps, strict=True)
        ]

    def _maps_in(self, image: np.ndarray, boxes_xyxy: np.ndarray) -> list[ChartMaps]:
        if self._second_look is not None:
            return self._second_look.read(image, boxes_xyxy)
        network_input = self._network_input.whole(image)
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
        return [found.pred_densepose[index] for index in range(len(boxes_xyxy))]


def _check_threshold(score_threshold: float) -> None:
    if not 0 <= score_threshold <= 1:
        raise ConfigError(f"score_threshold must be in 0..1, not {score_threshold}")


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

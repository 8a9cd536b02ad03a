"""The data set mapper that keeps point annotations."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import torch
from detectron2.config import configurable
from detectron2.data import DatasetMapper, MetadataCatalog
from detectron2.data import detection_utils as utils
from detectron2.data import transforms as T
from detectron2.data.datasets.builtin_meta import COCO_PERSON_KEYPOINT_NAMES
from detectron2.structures import BoxMode
from detectron2.utils.file_io import PathManager

from ..config import ConfigError
from ..structures import PointAnnotationsList
from ..structures.affine import affine_map, is_reflection
from ..structures.chart_mirror import ChartMirror, SymmetricChartMirror, TabulatedChartMirror
from ..structures.point_convention import POINT_CONVENTIONS
from ..surface.surface_file import is_mirror_symmetric
from .coco_densepose import read_point_annotations
from .picture_file import check_channel_order, in_channel_order, read_image
from .point_transforms import transform_points

_NO_KEYPOINTS = (0.0,) * (3 * len(COCO_PERSON_KEYPOINT_NAMES))
"""Keypoints of a person without any, since Detectron2 needs those of all or none."""


class DensePoseDatasetMapper(DatasetMapper):
    """Detectron2's mapper with the field `gt_densepose`, a :class:`PointAnnotationsList`.

    Augmentations may change colours and apply any affine map: points, part masks, charts and
    coordinates follow. Pictures are read by :func:`.picture_file.read_image`.
    """

    @configurable
    def __init__(
        self,
        is_train: bool,
        *,
        point_extent: float,
        chart_mirror: ChartMirror | None,
        use_part_masks: bool = True,
        use_whole_masks: bool = True,
        **kwargs,
    ):
        """
        Args:
            is_train: whether annotations are kept.
            point_extent: `dp_x` and `dp_y` of the right and lower edge of a box.
            chart_mirror: how charts map to each other in a mirrored image; None if no augmentation
                mirrors.
            use_part_masks: whether to decode `dp_masks`, most of the work on a person.
            use_whole_masks: whether to use `dp_masks` that are one mask of the whole person.
            kwargs: see `DatasetMapper`.

        Raises:
            ConfigError: `image_format` is neither "BGR" nor "RGB".
        """
        super().__init__(is_train, **kwargs)
        check_channel_order(self.image_format)
        self.point_extent = point_extent
        self.chart_mirror = chart_mirror
        self.use_part_masks = use_part_masks
        self.use_whole_masks = use_whole_masks

    @classmethod
    def from_config(cls, cfg, is_train: bool = True):
        options = super().from_config(cfg, is_train)
        head = cfg.MODEL.ROI_DENSEPOSE_HEAD
        options["point_extent"] = POINT_CONVENTIONS[head.POINT_CONVENTION].extent
        options["use_whole_masks"] = head.NUM_COARSE_SEGM_CHANNELS == 2
        options["chart_mirror"] = None
        if not is_train:
            return options
        rotates = any(angle % 360 for angle in cfg.INPUT.ROTATION_ANGLES)
        if rotates:
            rotation = T.RandomRotation(
                cfg.INPUT.ROTATION_ANGLES, expand=False, sample_style="choice"
            )
            options["augmentations"].append(rotation)
        if cfg.INPUT.RANDOM_FLIP != "none":
            options["chart_mirror"] = chart_mirror_of(cfg.DATASETS.TRAIN)
        if cfg.MODEL.DENSEPOSE_ON and head.COARSE_SEGM_TRAINED_BY_MASKS:
            options |= {"use_instance_mask": True, "use_part_masks": False}
        # A rotated box is larger than its person, and a crop may leave little of the person.
        options["recompute_boxes"] = options["use_instance_mask"] and (
            rotates or cfg.INPUT.CROP.ENABLED
        )
        return options

    def __call__(self, dataset_dict):
        """What a Detectron2 model takes of a record of a data set.

        Args:
            dataset_dict: the record; it is not changed.

        Raises:
            ImageError: its picture cannot be read.
            SizeMismatchError: the picture, turned upright, has not the record's width and height.
        """
        record = copy.deepcopy(dataset_dict)
        bgr = read_image(PathManager.get_local_path(record["file_name"]))
        utils.check_image_size(record, bgr)
        classes = None
        if "sem_seg_file_name" in record:
            classes = utils.read_image(record.pop("sem_seg_file_name"), "L").squeeze(2)
        view = T.AugInput(in_channel_order(bgr, self.image_format), sem_seg=classes)
        transforms = self.augmentations(view)
        record["image"] = torch.from_numpy(np.ascontiguousarray(view.image.transpose(2, 0, 1)))
        if view.sem_seg is not None:
            record["sem_seg"] = torch.from_numpy(view.sem_seg.astype(np.int64))
        size = view.image.shape[:2]
        if self.proposal_topk is not None:
            utils.transform_proposals(record, size, transforms, proposal_topk=self.proposal_topk)
        if not self.is_train:
            record.pop("annotations", None)
        elif "annotations" in record:
            self._transform_annotations(record, transforms, size)
        return record

    def _transform_annotations(self, dataset_dict, transforms, image_shape):
        people = [a for a in dataset_dict.pop("annotations") if not a.get("iscrowd", 0)]
        if self.use_instance_mask:
            # Detectron2 stacks the masks of an image: everybody needs one.
            people = [a for a in people if a.get("segmentation")]
        for person in people:
            is_whole = isinstance(person.get("dp_masks"), dict)
            if not self.use_part_masks or (is_whole and not self.use_whole_masks):
                person.pop("dp_masks", None)
            if not self.use_instance_mask:
                person.pop("segmentation", None)
            if not self.use_keypoint:
                person.pop("keypoints", None)
            else:
                person.setdefault("keypoints", list(_NO_KEYPOINTS))
        points = [read_point_annotations(person) for person in people]
        old_boxes = [
            BoxMode.convert(list(person["bbox"]), person["bbox_mode"], BoxMode.XYXY_ABS)
            for person in people
        ]
        transformed = [
            utils.transform_instance_annotations(
                person,
                transforms,
                image_shape,
                keypoint_hflip_indices=self.keypoint_hflip_indices,
            )
            for person in people
        ]
        instances = utils.annotations_to_instances(
            transformed, image_shape, mask_format=self.instance_mask_format
        )
        if self.recompute_boxes and people:
            instances.gt_boxes = instances.gt_masks.get_bounding_boxes()
        size = dataset_dict["height"], dataset_dict["width"]
        affine = affine_map(transforms, *size)
        if self.chart_mirror is None and is_reflection(affine):
            raise ValueError(
                "an augmentation mirrors the image, but the mapper has no chart_mirror; give it "
                "one, or remove the flip"
            )
        instances.gt_densepose = PointAnnotationsList(
            [
                None
                if person is None
                else transform_points(
                    person,
                    torch.tensor(old_box, dtype=torch.float64),
                    new_box,
                    affine,
                    self.point_extent,
                    self.chart_mirror,
                )
                for person, old_box, new_box in zip(
                    points, old_boxes, instances.gt_boxes.tensor, strict=True
                )
            ]
        )
        dataset_dict["instances"] = utils.filter_empty_instances(instances)


def chart_mirror_of(dataset_names: tuple[str, ...]) -> ChartMirror:
    """The reflection of the charts of data sets, by the table in their metadata
    `densepose_chart_mirror`; without one, charts must be mirror images of each other.

    Args:
        dataset_names: as registered.

    Raises:
        ConfigError: the data sets have different tables, the table is missing, or there is none
            and a surface is not its own mirror image.
        ChartMirrorError: the table cannot be used.
        SurfaceFileError: the surface of a data set without a table cannot be read.
    """
    paths = {MetadataCatalog.get(n).get("densepose_chart_mirror") for n in dataset_names}
    if len(paths) > 1:
        raise ConfigError(
            f"DATASETS.TRAIN {tuple(dataset_names)} mixes surfaces with different mirrors "
            f'{sorted(map(str, paths))}; train on one of them, or set INPUT.RANDOM_FLIP to "none"'
        )
    path = next(iter(paths), None)
    if path is None:
        _require_symmetric_surfaces(dataset_names)
        return SymmetricChartMirror()
    try:
        return TabulatedChartMirror.load(path)
    except FileNotFoundError as error:
        raise ConfigError(
            f"INPUT.RANDOM_FLIP and TEST.AUG.FLIP need {path}, which says how charts map to each "
            "other in a mirrored image (DensePose's UV_symmetry_transforms.mat); put it there, or "
            'set INPUT.RANDOM_FLIP to "none" and TEST.AUG.FLIP to False'
        ) from error


def _require_symmetric_surfaces(dataset_names: tuple[str, ...]) -> None:
    """Refuse surfaces that are not their own mirror image; missing ones pass, since training does
    not need them."""
    for name in dataset_names:
        surface = MetadataCatalog.get(name).get("densepose_surface")
        if surface is not None and Path(surface).exists() and not is_mirror_symmetric(surface):
            raise ConfigError(
                f"data set {name!r}: INPUT.RANDOM_FLIP and TEST.AUG.FLIP need to know how the "
                f"charts of {surface} map to each other in a mirrored image; give its registration "
                'a chart_mirror, or set INPUT.RANDOM_FLIP to "none" and TEST.AUG.FLIP to False'
            )

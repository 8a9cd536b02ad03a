"""The data set mapper that keeps point annotations."""

from __future__ import annotations

from detectron2.config import configurable
from detectron2.data import DatasetMapper
from detectron2.data import detection_utils as utils
from detectron2.data.transforms import BlendTransform, NoOpTransform, ResizeTransform

from ..config import ConfigError
from ..structures import PointAnnotationsList
from .coco_densepose import point_annotations

# Point annotations are relative to the box: these leave them as they are.
_HARMLESS = (ResizeTransform, NoOpTransform, BlendTransform)


class DensePoseDatasetMapper(DatasetMapper):
    """Detectron2's mapper with the field `gt_densepose`, a :class:`PointAnnotationsList`.

    Augmentations may resize the image and change its colours. One that moves points within their
    box (a flip, a rotation, a crop) is refused, since labels would no longer fit.
    """

    @configurable
    def __init__(self, is_train: bool, *, use_part_masks: bool = True, **kwargs):
        """
        Args:
            is_train: whether annotations are kept.
            use_part_masks: decode `dp_masks` too, most of the work on a person.
            kwargs: see `DatasetMapper`.
        """
        super().__init__(is_train, **kwargs)
        self.use_part_masks = use_part_masks

    @classmethod
    def from_config(cls, cfg, is_train: bool = True):
        options = super().from_config(cfg, is_train)
        if not is_train:
            return options
        if cfg.INPUT.RANDOM_FLIP != "none":
            raise ConfigError(
                f"INPUT.RANDOM_FLIP is {cfg.INPUT.RANDOM_FLIP!r}, but point annotations cannot be "
                'flipped yet; set INPUT.RANDOM_FLIP to "none"'
            )
        if any(cfg.INPUT.ROTATION_ANGLES):
            raise ConfigError(
                f"INPUT.ROTATION_ANGLES is {cfg.INPUT.ROTATION_ANGLES}, but point annotations "
                "cannot be rotated yet; set it to [0]"
            )
        if cfg.INPUT.CROP.ENABLED:
            raise ConfigError("INPUT.CROP.ENABLED is True, but point annotations cannot be cropped")
        if cfg.MODEL.DENSEPOSE_ON and cfg.MODEL.ROI_DENSEPOSE_HEAD.COARSE_SEGM_TRAINED_BY_MASKS:
            options |= {"use_instance_mask": True, "use_part_masks": False}
        return options

    def _transform_annotations(self, dataset_dict, transforms, image_shape):
        for transform in getattr(transforms, "transforms", [transforms]):
            if not isinstance(transform, _HARMLESS):
                raise ValueError(
                    f"augmentation {type(transform).__name__} moves points within their box, and "
                    "point annotations cannot follow it; remove it"
                )
        people = [a for a in dataset_dict.pop("annotations") if not a.get("iscrowd", 0)]
        for person in people:
            if not self.use_part_masks:
                person.pop("dp_masks", None)
            if not self.use_instance_mask:
                person.pop("segmentation", None)
            if not self.use_keypoint:
                person.pop("keypoints", None)
        points = PointAnnotationsList([point_annotations(person) for person in people])
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
        instances.gt_densepose = points
        dataset_dict["instances"] = utils.filter_empty_instances(instances)

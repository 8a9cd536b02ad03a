"""The data mapper."""

from detectron2.data import DatasetMapper as Detectron2Mapper
from detectron2.data import detection_utils as utils

from .structures import DensePoseDataRelative, DensePoseList


class DatasetMapper(Detectron2Mapper):
    def __init__(self, cfg, is_train=True):
        options = Detectron2Mapper.from_config(cfg, is_train)
        super().__init__(**options | {"augmentations": options["augmentations"][:1]})

    def _transform_annotations(self, dataset_dict, transforms, image_shape):
        people = dataset_dict["annotations"]
        labels = [DensePoseDataRelative(p) if "dp_x" in p else None for p in people]
        moved = [utils.transform_instance_annotations(p, transforms, image_shape) for p in people]
        for person in moved:
            person.pop("segmentation", None)
        dataset_dict["instances"] = utils.annotations_to_instances(moved, image_shape)
        dataset_dict["instances"].gt_densepose = DensePoseList(labels)
        del dataset_dict["annotations"]

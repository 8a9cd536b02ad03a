"""Annotations and outputs."""

from dataclasses import dataclass

import torch
from pycocotools import mask as mask_utils


@dataclass
class DensePoseChartPredictorOutput:
    coarse_segm: torch.Tensor
    fine_segm: torch.Tensor
    u: torch.Tensor
    v: torch.Tensor

    def __len__(self):
        return len(self.u)


class DensePoseDataRelative:
    """As DensePose's: `i` has the type of the json's numbers, `segm` may be absent."""

    def __init__(self, annotation):
        for name, key in zip("xyiuv", ("dp_x", "dp_y", "dp_I", "dp_U", "dp_V"), strict=True):
            setattr(self, name, torch.as_tensor(annotation[key]))
        if "dp_masks" in annotation:
            self.segm = torch.zeros(256, 256)
            for part, mask in enumerate(annotation["dp_masks"], start=1):
                if mask:
                    self.segm[torch.from_numpy(mask_utils.decode(mask)) > 0] = part


class DensePoseList:
    def __init__(self, people):
        self.people = people

    def __len__(self):
        return len(self.people)

    def __iter__(self):
        return iter(self.people)

    def __getitem__(self, item):
        if isinstance(item, torch.Tensor) and item.dtype == torch.bool:
            item = item.nonzero().flatten()
        if isinstance(item, slice):
            item = range(len(self))[item]
        return DensePoseList([self.people[k] for k in item])

    def to(self, device):
        return self

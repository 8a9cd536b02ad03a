from detectron2.utils.registry import Registry

DENSEPOSE_LOSS_REGISTRY = Registry("DENSEPOSE_LOSS")

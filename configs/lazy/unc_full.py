from uncertain_densepose.modeling.noise_models.full import Full

from .base import dataloader, evaluation, lr_multiplier, model, optimizer, train  # noqa: F401

model.roi_heads.densepose_predictor.noise_model._target_ = Full
train.output_dir = "./output/unc_full"

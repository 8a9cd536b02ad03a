from uncertain_densepose.modeling.noise_models.mse import MSE

from .base import dataloader, evaluation, lr_multiplier, model, optimizer, train  # noqa: F401

model.roi_heads.densepose_predictor.noise_model._target_ = MSE
train.output_dir = "./output/unc_mse"

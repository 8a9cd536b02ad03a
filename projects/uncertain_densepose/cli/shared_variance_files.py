"""The files of tools/fit_shared_variance.py."""

WEIGHTS, CONFIG, RESULT = "model_final.pth", "config.yaml", "shared_variance.json"

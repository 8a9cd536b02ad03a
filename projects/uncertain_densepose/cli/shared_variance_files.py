"""The names of the files that tools/fit_shared_variance.py writes."""

WEIGHTS, CONFIG, RESULT = "model_final.pth", "config.yaml", "shared_variance.json"

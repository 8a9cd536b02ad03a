"""Environment variables that make libraries compute as on an older processor, and a short training.

Embree takes its instruction set from the processor alone: embreex passes no settings on.
"""

from __future__ import annotations

TINY_TRAINING = {
    "DATASETS.TRAIN": "('synth_people_tiny_train',)",
    "DATASETS.TEST": "('synth_people_tiny_val',)",
    "SOLVER.IMS_PER_BATCH": "2",
    "DATALOADER.NUM_WORKERS": "0",
    "MODEL.DEVICE": "cpu",
}
"""Config keys of a training on the smallest preset that takes seconds."""

SETTINGS: dict[str, dict[str, str]] = {
    "torch: default": {"ATEN_CPU_CAPABILITY": "default"},
    "oneDNN: SSE4.1": {"ONEDNN_MAX_CPU_ISA": "SSE41"},
    "MKL: compatible": {"MKL_CBWR": "COMPATIBLE"},
    "OpenBLAS: Prescott": {"OPENBLAS_CORETYPE": "Prescott"},
    "NumPy: without AVX2": {"NPY_DISABLE_CPU_FEATURES": "X86_V3"},
    "OpenCV: SSE4.2": {"OPENCV_CPU_DISABLE": "AVX2,FP16,AVX", "OPENCV_IPP": "sse42"},
}
"""By name, the variables of one library each."""

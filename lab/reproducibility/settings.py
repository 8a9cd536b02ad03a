"""Environment variables that make libraries compute as on an older processor.

Embree takes its instruction set from the processor alone: embreex passes no settings on.
"""

from __future__ import annotations

SETTINGS: dict[str, dict[str, str]] = {
    "torch: default": {"ATEN_CPU_CAPABILITY": "default"},
    "oneDNN: SSE4.1": {"ONEDNN_MAX_CPU_ISA": "SSE41"},
    "MKL: compatible": {"MKL_CBWR": "COMPATIBLE"},
    "OpenBLAS: Prescott": {"OPENBLAS_CORETYPE": "Prescott"},
    "NumPy: without AVX2": {"NPY_DISABLE_CPU_FEATURES": "X86_V3"},
    "OpenCV: SSE4.2": {"OPENCV_CPU_DISABLE": "AVX2,FP16,AVX", "OPENCV_IPP": "sse42"},
}
"""By name, the variables of one library each."""

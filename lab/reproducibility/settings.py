"""Environment variables that make libraries compute as on an older processor.

Embree takes its instruction set from the processor alone: embreex passes no settings on.
"""

from __future__ import annotations

OLD_OPENCV = "AVX512_SKX,AVX2,FMA3,AVX,FP16"
OLD_NUMPY = "AVX512_SKX AVX512_ICL AVX512_SPR X86_V4 X86_V3"

SETTINGS: dict[str, dict[str, str]] = {
    "torch kernels: default": {"ATEN_CPU_CAPABILITY": "default"},
    "torch kernels: AVX2": {"ATEN_CPU_CAPABILITY": "avx2"},
    "oneDNN: SSE4.1": {"ONEDNN_MAX_CPU_ISA": "SSE41"},
    "MKL: compatible": {"MKL_CBWR": "COMPATIBLE"},
    "OpenBLAS: Prescott": {"OPENBLAS_CORETYPE": "Prescott"},
    "OpenCV: SSE3": {"OPENCV_CPU_DISABLE": OLD_OPENCV},
}
"""By name, the variables of one library each."""

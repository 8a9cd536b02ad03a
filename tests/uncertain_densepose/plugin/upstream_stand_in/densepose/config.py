"""The keys of DensePose that are read here."""

from detectron2.config import CfgNode


def add_densepose_config(cfg):
    cfg.MODEL.DENSEPOSE_ON = True
    cfg.INPUT.ROTATION_ANGLES = [0]
    cfg.MODEL.ROI_DENSEPOSE_HEAD = CfgNode(
        {
            "NAME": "DensePoseV1ConvXHead",
            "PREDICTOR_NAME": "",
            "LOSS_NAME": "",
            "NUM_STACKED_CONVS": 8,
            "CONV_HEAD_DIM": 512,
            "NUM_PATCHES": 24,
            "NUM_COARSE_SEGM_CHANNELS": 2,
            "DECONV_KERNEL": 4,
            "UP_SCALE": 2,
            "HEATMAP_SIZE": 112,
            "POOLER_RESOLUTION": 28,
            "FG_IOU_THRESHOLD": 0.7,
            "INDEX_WEIGHTS": 5.0,
            "PART_WEIGHTS": 1.0,
            "POINT_REGRESSION_WEIGHTS": 0.01,
            "COARSE_SEGM_TRAINED_BY_MASKS": False,
            "DECODER_ON": False,
            "UV_CONFIDENCE": {"ENABLED": False, "EPSILON": 0.01, "TYPE": "iid_iso"},
            "SEGM_CONFIDENCE": {"ENABLED": False, "EPSILON": 0.01},
        }
    )

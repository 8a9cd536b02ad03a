"""Misuses of the command lines that train; see `misuses`."""

from tests.tools.misuses import BAD_FILES, DEAD

TRAIN = "--config-file {config}"
LAZY = "--config-file configs/lazy/synth_unc_full.py"

TRAINING_MISUSES = {
    "train_net": [
        ("", "--config-file"),
        (f"{TRAIN} OUTPUT_DIR {{file}}", "OUTPUT_DIR"),
        (f"{TRAIN} OUTPUT_DIR {{file}}/below", "OUTPUT_DIR"),
        (f"{TRAIN} OUTPUT_DIR ''", "OUTPUT_DIR"),
        *(
            (f"{TRAIN} {key} {value}", key)
            for key, value in (
                ("SOLVER.IMS_PER_BATCH", "0"), ("SOLVER.IMS_PER_BATCH", "-1"),
                ("SOLVER.MAX_ITER", "0"), ("SOLVER.MAX_ITER", "-5"),
                ("SOLVER.BASE_LR", "-0.1"), ("SOLVER.BASE_LR", ".nan"),
                ("SOLVER.GAMMA", "-1.0"), ("SOLVER.MOMENTUM", "2.0"),
                ("SOLVER.WEIGHT_DECAY", "-1.0"),
                ("SOLVER.CHECKPOINT_PERIOD", "0"), ("SOLVER.CHECKPOINT_PERIOD", "-1"),
                ("SOLVER.OPTIMIZER", "ADAMM"), ("SOLVER.LR_SCHEDULER_NAME", "WarmupNothing"),
                ("SOLVER.WARMUP_ITERS", "-1"), ("SOLVER.STEPS", "(5,3)"),
                ("SOLVER.CLIP_GRADIENTS.CLIP_VALUE", "-1.0"),
                ("SOLVER.CLIP_GRADIENTS.CLIP_TYPE", "nothing"),
                ("MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE.REFERENCE_VARIANCE", "0.0"),
                ("MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE.EPSILON", "-1.0"),
                ("MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE.BETA", "3.0"),
                ("MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE.MSE_ANCHOR_WEIGHT", "-1.0"),
                ("MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE.WARM_START_ITERS", "-1"),
                ("MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE.TYPE", "fulll"),
                ("MODEL.ROI_DENSEPOSE_HEAD.UV_CONFIDENCE.SHARED_FROM", "bx"),
                ("MODEL.ROI_DENSEPOSE_HEAD.SEGM_CONFIDENCE.EPSILON", "-1.0"),
                ("MODEL.ROI_DENSEPOSE_HEAD.NUM_PATCHES", "5"),
                ("MODEL.ROI_DENSEPOSE_HEAD.NUM_COARSE_SEGM_CHANNELS", "7"),
                ("MODEL.ROI_DENSEPOSE_HEAD.NUM_STACKED_CONVS", "-1"),
                ("MODEL.ROI_DENSEPOSE_HEAD.CONV_HEAD_DIM", "0"),
                ("MODEL.ROI_DENSEPOSE_HEAD.CONV_HEAD_KERNEL", "0"),
                ("MODEL.ROI_DENSEPOSE_HEAD.UP_SCALE", "0"),
                ("MODEL.ROI_DENSEPOSE_HEAD.POOLER_RESOLUTION", "0"),
                ("MODEL.ROI_DENSEPOSE_HEAD.POOLER_TYPE", "ROIAline"),
                ("MODEL.ROI_DENSEPOSE_HEAD.FG_IOU_THRESHOLD", "1.5"),
                ("MODEL.ROI_DENSEPOSE_HEAD.UV_REDUCTION", "median"),
                ("MODEL.ROI_DENSEPOSE_HEAD.POINT_CONVENTION", "pixel"),
                ("MODEL.ROI_DENSEPOSE_HEAD.NAME", "DensePoseV1ConvXHaed"),
                ("MODEL.ROI_DENSEPOSE_HEAD.LOSS_NAME", "DensePoseChartLos"),
                ("MODEL.ROI_DENSEPOSE_HEAD.PREDICTOR_NAME", "DensePosePredictor"),
                ("MODEL.ROI_HEADS.NAME", "DensePoseROIHeadz"),
                ("MODEL.ROI_HEADS.NUM_CLASSES", "0"),
                ("MODEL.ROI_HEADS.BATCH_SIZE_PER_IMAGE", "0"),
                ("MODEL.ROI_HEADS.SCORE_THRESH_TEST", "1.5"),
                ("MODEL.ROI_HEADS.IN_FEATURES", "['p9']"),
                ("MODEL.META_ARCHITECTURE", "GeneralisedRCNN"),
                ("MODEL.BACKBONE.NAME", "build_no_backbone"),
                ("MODEL.RESNETS.DEPTH", "19"),
                ("MODEL.PROPOSAL_GENERATOR.NAME", "PRN"),
                                ("DATASETS.TRAIN", "()"), ("DATASETS.TRAIN", "('nothing',)"),
                ("DATASETS.TEST", "('nothing',)"),
                ("DATALOADER.NUM_WORKERS", "-1"),
                ("DATALOADER.SAMPLER_TRAIN", "NoSampler"),
                ("INPUT.MIN_SIZE_TRAIN", "()"), ("INPUT.MIN_SIZE_TRAIN", "(-3,)"),
                ("INPUT.RANDOM_FLIP", "diagonal"), ("INPUT.MASK_FORMAT", "rle"),
                ("TEST.DETECTIONS_PER_IMAGE", "-1"), ("TEST.EVAL_PERIOD", "-1"),
                ("DENSEPOSE_EVALUATION.PROTOCOL", "strickt"),
                ("DENSEPOSE_EVALUATION.KAPPA", "-1.0"),
                ("DENSEPOSE_EVALUATION.GLOBAL_VARIANCE_IMAGES", "-1"),
                ("DENSEPOSE_EVALUATION.MIN_IOU_THRESHOLD", "2.0"),
                ("SEED", "nonsense"), ("VERSION", "7"),
            )
        ),
        *(
            (f"{TRAIN} DENSEPOSE_EVALUATION.RECALIBRATION {{{kind}}}", f"{{{kind}}}")
            for kind in BAD_FILES
        ),
        (f"{TRAIN} MODEL.DEVICE cuda:3", "device 'cuda:3'"),
        (f"{TRAIN} MODEL.DEVICE gpu", "device 'gpu'"),
        (f"{TRAIN} --num-gpus -1", "--num-gpus"),
        (f"{TRAIN} --num-gpus 0", "--num-gpus"),
        (f"{TRAIN} --num-machines 0", "--num-machines"),
        (f"{TRAIN} --num-machines 2 --machine-rank 2", "--machine-rank"),
        (f"{TRAIN} --machine-rank -1", "--machine-rank"),
        (f"{TRAIN} --dist-url nonsense --num-gpus 2", "--dist-url"),
        *(
            (f"{TRAIN} {mode} MODEL.WEIGHTS {weights}", weights)
            for mode in ("", "--eval-only")
            for weights in (
                DEAD, "nonsense://model.pth", "catalog://No/such",
                "{missing}", "{folder}", "{empty}", "{binary}",
            )
        ),
        (f"{TRAIN} --eval-only MODEL.WEIGHTS {{wider}}", "shape"),
        (f"{TRAIN} MODEL.WEIGHTS {{weights}} SOLVER.MAX_ITER", "SOLVER.MAX_ITER"),
        (f"{TRAIN} SOLVER.MAX_ITERS 3", "SOLVER.MAX_ITER"),
        (f"{TRAIN} SOLVER.MAX_ITER many", "SOLVER.MAX_ITER"),
        (f"{TRAIN} SOLVER.MAX_ITER {'9' * 5000}", "SOLVER.MAX_ITER"),
        (f"{TRAIN} SOLVER.MAX_ITER 3 --eval-only", "--eval-only"),
    ],
    "lazyconfig_train_net": [
        ("", "--config-file"),
        ("--config-file {missing}", "{missing}"),
        ("--config-file {folder}", "{folder}"),
        ("--config-file {image}", "{image}"),
        ("--config-file {config}", "{config}"),
        ("--config-file {wrong_python}", "{wrong_python}"),
        ("--config-file {binary}", "{binary}"),
        (f"{LAZY} train.max_iterations=3", "train.max_iter"),
        (f"{LAZY} train.max_iter", "train.max_iter"),
        (f"{LAZY} train.max_iter=0", "train.max_iter"),
        (f"{LAZY} train.device=gpu", "gpu"),
        (f"{LAZY} train.output_dir={{file}}", "{file}"),
        (f"{LAZY} train.output_dir={{file}}/below", "{file}"),
        (f"{LAZY} dataloader.train.total_batch_size=0", "total_batch_size"),
        (f"{LAZY} --num-gpus -1", "--num-gpus"),
    ],
}  # fmt: skip

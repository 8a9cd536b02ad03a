"""Misuses of the command lines that do not train, and what the line that answers each must name.

Words in braces are files of `test_misuse.files`. They hold, by their name: `binary` and `empty`,
what they say; `deep`, a json list within lists; `huge`, one with a number of thousands of digits;
`wider`, weights of a model with more channels.
"""

MODEL = "--config-file {config} --weights {weights}"
SHOW = f"show {{image}} {MODEL} --out {{out}} --device cpu"
FIT = f"{MODEL} --dataset misused --device cpu"
OWN = "--config-file {config} --weights"
TRUTH = "--annotations {annotations}"
EVALUATE = f"{TRUTH} --results {{results}} --surface {{surface}}"
KEYPOINTS = "--annotations {keypoints}"
ANNOTATORS = f"{TRUTH} --surface {{surface}} --out {{out}}.png"
MESH = "mesh --mesh {mesh} --parts {parts}"
FOUR = "configs/experiments/four_losses.yaml --list"
DEAD = "http://127.0.0.1:9/model.pth"
DEEP_AND_HUGE = ("deep", "huge", "binary")
BAD_FILES = ("missing", "folder", "empty", *DEEP_AND_HUGE)

MISUSES = {
    "apply_net": [
        (f"show {{image}} {MODEL} --out {{file}}", "must be a folder, but this is a file"),
        (f"show {{image}} {MODEL} --out {{file}}/below", "{file}"),
        (f"show {{image}} {MODEL} --out ''", "--out"),
        (f"dump {{image}} {MODEL} --out {{file}}", "must be a folder, but this is a file"),
        (f"{SHOW} --device cuda:3", "cuda:3"),
        (f"{SHOW} --device gpu", "device 'gpu'"),
        (f"{SHOW} --device ''", "device ''"),
        (f"{SHOW} --batch-size 0", "--batch-size"),
        (f"{SHOW} --batch-size -1", "--batch-size"),
        (f"{SHOW} --every 0", "--every"),
        (f"{SHOW} --score-threshold 1.5", "--score-threshold"),
        (f"{SHOW} --score-threshold -0.1", "--score-threshold"),
        (f"{SHOW} --score-threshold nan", "--score-threshold"),
        (f"{SHOW} --vmax-cm inf", "--vmax-cm"),
        (f"{SHOW} --seed -1", "--seed"),
        (f"{SHOW} --side 2", "--side"),
        (f"{SHOW} --pictures nonsense", "nonsense"),
        (f"{SHOW} --pictures ''", "no picture ''"),
        (f"{SHOW} --animation mov", "--animation"),
        (f"{SHOW} --surface {{file}}", "{file}"),
        (f"{SHOW} --surface {{folder}}", "{folder}"),
        (f"{SHOW} --surface {{missing}}", "{missing}"),
        (f"{SHOW} --model synth/nothing", "--model"),
        ("show {image} --model synth/nothing --out {out}", "synth/nothing"),
        ("show {image} --weights {weights} --out {out}", "--config-file"),
        (f"show {{missing}} {MODEL} --out {{out}}", "{missing}"),
        (f"show https://a.b/c.jpg {MODEL} --out {{out}}", "https://a.b/c.jpg"),
        (f"show {{folder}} {MODEL} --out {{out}}", "{folder}"),
        (f"show '' {MODEL} --out {{out}}", "IMAGE"),
        (f"show '{{folder}}/[' {MODEL} --out {{out}}", ""),
        (f"{SHOW} --opts MODEL.WEIGHTS", "MODEL.WEIGHTS"),
        (f"{SHOW} --opts MODEL.WIEGHTS x", "MODEL.WEIGHTS"),
        (f"{SHOW} --opts INPUT.MIN_SIZE_TEST -5", "INPUT.MIN_SIZE_TEST"),
        (f"{SHOW} --opts MODEL.ROI_HEADS.NMS_THRESH_TEST 7", "MODEL.ROI_HEADS.NMS_THRESH_TEST"),
        (f"{SHOW} --opts INPUT.FORMAT XYZ", "INPUT.FORMAT"),
        (f"{SHOW} --opts MODEL.PIXEL_STD '[0.0, 1.0, 1.0]'", "MODEL.PIXEL_STD"),
        (f"surface {{image}} {MODEL} --out {{out}} --person -1", "--person"),
        (f"surface {{image}} {MODEL} --out {{out}} --person 99", "--person 99"),
        (f"dump {{image}} {MODEL} --out {{out}} --format xml", "--format"),
        *(
            (
                f"dump {{image}} {MODEL} --out {{out}} --format coco --annotations {{{kind}}}",
                f"{{{kind}}}",
            )
            for kind in ("missing", "folder", *DEEP_AND_HUGE)
        ),
        *(
            (f"show {{image}} --config-file {{config}} --out {{out}} --weights {weights}", weights)
            for weights in (
                DEAD, "nonsense://model.pth", "catalog://No/such",
                "detectron2://no/such.pkl", "{missing}", "{folder}", "{empty}", "{binary}", "s3://bucket/model.pth",
            )
        ),
        ("show {image} --config-file {config} --out {out} --weights ''", "--weights"),
        ("show {image} --config-file {config} --out {out} --weights {wider}", "shape"),
        ("show {image} --config-file {missing} --weights {weights} --out {out}", "{missing}"),
        ("show {image} --config-file {folder} --weights {weights} --out {out}", "{folder}"),
        ("show {image} --config-file http://a.b/c.yaml --weights {weights} --out {out}", "http://a.b/c.yaml"),
        ("", "COMMAND"),
        ("paint", "paint"),
    ],
    "recalibrate": [
        (f"{FIT} --out {{file}}/below.json", "{file}"),
        (f"{FIT} --out {{folder}}", "{folder}"),
        (f"{FIT} --out ''", "--out"),
        (f"{FIT} --images 0 --out {{out}}.json", "--images"),
        (f"{FIT} --images -1 --out {{out}}.json", "--images"),
        (f"{MODEL} --dataset nothing", "nothing"),
        (f"{FIT} --opts MODEL.ROI_DENSEPOSE_HEAD.NAME Head", "MODEL.ROI_DENSEPOSE_HEAD.NAME"),
        (f"{FIT} --device cuda:3", "cuda:3"),
        (f"{OWN} {DEAD} --dataset misused --out {{out}}.json", DEAD),
        (f"{OWN} {{folder}} --dataset misused --out {{out}}.json", "{folder}"),
        (f"{OWN} {{wider}} --dataset misused --out {{out}}.json", "shape"),
        ("--model synth/unc_full_small", "--out"),
    ],
    "fit_shared_variance": [
        (f"{FIT} --out {{file}}", "{file}"),
        (f"{FIT} --out {{file}}/below", "{file}"),
        (f"{FIT} --out ''", "--out"),
        (f"{FIT} --out {{folder}}", "shared error already"),
        (f"{FIT} --images 1 --out {{out}}", "--images"),
        (f"{FIT} --out {{out}} --opts MODEL.ROI_DENSEPOSE_HEAD.LOSS_NAME Loss", "LOSS_NAME"),
        (f"{OWN} {{binary}} --out {{out}} --dataset misused", "{binary}"),
    ],
    "ensemble": [
        (f"{OWN} {{weights}}", "--weights"),
        (f"{OWN} {{weights}} {{weights}}", "--weights"),
        (f"{OWN} {{weights}} {{wider}} --dataset misused --device cpu", "shape"),
        (f"{OWN} {{weights}} {{missing}} --dataset misused --device cpu", "{missing}"),
        (f"{OWN} {{weights}} {{wider}} --correlation 1", "--correlation"),
        (f"{OWN} {{weights}} {{wider}} --correlation nan", "--correlation"),
        (f"{OWN} {{weights}} {{wider}} --rule mean", "--rule"),
        (f"{OWN} {{weights}} {{wider}} --json {{file}}/x.json", "{file}"),
        (f"{OWN} {{weights}} {{wider}} --json {{folder}}", "{folder}"),
    ],
    "evaluate": [
        *(
            (f"--annotations {{{kind}}} --results {{results}} --surface {{surface}}", f"{{{kind}}}")
            for kind in BAD_FILES
        ),
        *(
            (f"{TRUTH} --results {{{kind}}} --surface {{surface}}", f"{{{kind}}}")
            for kind in BAD_FILES
        ),
        *(
            (f"{TRUTH} --results {{results}} --surface {{{kind}}}", f"{{{kind}}}")
            for kind in BAD_FILES
        ),
        (f"{EVALUATE} --kappa -1", "--kappa"),
        (f"{EVALUATE} --kappa inf", "--kappa"),
        (f"{EVALUATE} --protocol x", "--protocol"),
        (f"{EVALUATE} --out {{file}}", "{file}"),
        (f"{EVALUATE} --out {{file}}/x", "{file}"),
        (f"{EVALUATE} --out ''", "--out"),
    ],
    "evaluate_on_keypoints": [
        *(
            (f"--annotations {{{kind}}} --images {{folder}} {MODEL}", f"{{{kind}}}")
            for kind in BAD_FILES
        ),
        (f"--annotations {{annotations}} --images {{folder}} {MODEL}", "field 'keypoints'"),
        (f"--annotations {{cats}} --images {{folder}} {MODEL}", "none is called \"person\""),
        (f"{KEYPOINTS} --images {{folder}} {MODEL}", "2 of the 2 annotated images"),
        (f"{KEYPOINTS} --images {{missing}} {MODEL}", "{missing}"),
        (f"{KEYPOINTS} --images {{file}} {MODEL}", "{file}"),
        (f"{KEYPOINTS} --images {{root}}", "--model"),
        (f"{KEYPOINTS} --images {{root}} --model synth/nothing", "synth/nothing"),
        (f"{KEYPOINTS} --images {{root}} {OWN} {{missing}}", "{missing}"),
        (f"{KEYPOINTS} --images {{root}} {MODEL} --surface {{binary}}", "{binary}"),
        (f"{KEYPOINTS} --images {{root}} {MODEL} --device cpu", "share no vertex"),
        (f"{KEYPOINTS} --images {{root}} {MODEL} --device gpu", "device 'gpu'"),
        (f"{KEYPOINTS} --images {{root}} {MODEL} --names [", "'['"),
        (f"{KEYPOINTS} --images {{root}} {MODEL} --names ''", "--names"),
        (f"{KEYPOINTS} --images {{root}} {MODEL} --boxes all", "--boxes"),
        (f"{KEYPOINTS} --images {{root}} {MODEL} --names png", "matches 'png'"),
        (f"{KEYPOINTS} --images {{root}} {MODEL} --out {{file}}", "must be a folder"),
        (f"{KEYPOINTS} --images {{root}} {MODEL} --pictures 3", "--pictures needs --out"),
        (f"{KEYPOINTS} --images {{root}} {MODEL} --pictures -1", "--pictures"),
        (f"{KEYPOINTS} --images {{root}} {MODEL} --score-threshold 2", "--score-threshold"),
        (f"{KEYPOINTS} --images {{root}} {MODEL} --opts INPUT.FORMAT", "INPUT.FORMAT"),
    ],
    "report": [
        *(
            (f"{{{kind}}} --out {{out}}.html", f"{{{kind}}}")
            for kind in ("missing", "empty", *DEEP_AND_HUGE)
        ),
        ("{folder} --out {out}.html", "nothing to show"),
        ("{metrics} --out {folder}", "{folder}"),
        ("{metrics} --out {file}/x.html", "{file}"),
        ("{metrics} --out ''", "--out"),
        ("{metrics} --out {out}.html --max-images 0", "--max-images"),
        ("{metrics} --out {out}.html --max-side -1", "--max-side"),
        ("{metrics} --out {out}.html --images {file}", "--images"),
    ],
    "check_annotations": [
        *((f"{{{kind}}}", f"{{{kind}}}") for kind in BAD_FILES),
        ("{annotations} --images {missing}", "--images"),
        ("{annotations} --json {folder}", "{folder}"),
        ("{annotations} --json {file}/x.json", "{file}"),
        ("{annotations} --json ''", "--json"),
    ],
    "import_surface": [
        ("mesh --mesh {missing} --parts {parts} --out {out}.npz", "{missing}"),
        ("mesh --mesh {binary} --parts {parts} --out {out}.npz", "{binary}"),
        ("mesh --mesh {mesh} --parts {missing} --out {out}.npz", "{missing}"),
        ("mesh --mesh {mesh} --parts {binary} --out {out}.npz", "{binary}"),
        ("mesh --mesh {mesh} --parts {empty} --out {out}.npz", "{empty}"),
        (f"{MESH} --out {{out}}.obj", ".npz"),
        (f"{MESH} --out {{file}}/x.npz", "{file}"),
        (f"{MESH} --out ''", "--out"),
        (f"{MESH} --out {{out}}.npz --scale 0", "--scale"),
        (f"{MESH} --out {{out}}.npz --scale -1", "--scale"),
        (f"{MESH} --out {{out}}.npz --scale nan", "--scale"),
        (f"{MESH} --out {{out}}.npz --spacing 0", "--spacing"),
        (f"{MESH} --out {{out}}.npz --workers 0", "--workers"),
        (f"{MESH} --out {{out}}.npz --up x", "--up"),
        (f"{MESH} --out {{out}}.npz --symmetry {{binary}}", "{binary}"),
        (f"{MESH} --out {{out}}.npz --symmetry {{missing}}", "{missing}"),
        ("charts --charts {binary} --body {mesh} --out {out}.npz", "{binary}"),
        ("charts --charts {missing} --body {bodyarray} --out {out}.npz", "{missing}"),
        ("smpl --subdiv {binary} --transform {binary} --out {out}.npz", "{binary}"),
        ("smpl --subdiv {folder} --transform {binary} --out {out}.npz", "{folder}"),
    ],
    "build_surface": [
        ("--workers 0", "--workers"),
        ("--out {folder}", "{folder}"),
        ("--out {file}/x.npz", "{file}"),
        ("--out {surface} --charts {surface}", "--charts"),
        ("--out {binary}", "{binary}"),
        ("--out {surface} --figure {file}/x.png", "{file}"),
        ("--out {surface} --figure {out}.xyz", "xyz"),
        ("--out {surface} --charts {file}/x.npz", "{file}"),
    ],
    "make_synthetic_dataset": [
        ("--preset huge", "--preset"),
        ("--seed -1", "--seed"),
        ("--workers 0", "--workers"),
        ("--preset tiny --out {file} --surface {surface}", "{file}"),
        ("--preset tiny --out {file}/below --surface {surface}", "{file}"),
        ("--preset tiny --out '' --surface {surface}", "--out"),
        ("--preset tiny --out {out} --surface {binary}", "{binary}"),
        ("--preset tiny --out {out} --surface {surface} --backgrounds {missing}", "{missing}"),
        ("--preset tiny --out {out} --surface {surface} --backgrounds {file}", "{file}"),
        ("--preset tiny --out {out} --surface {surface} --backgrounds {folder}", "{folder}"),
    ],
    "relabel_synthetic_dataset": [
        ("--data {missing} --surface {surface}", "{missing}"),
        ("--data {file} --surface {surface}", "{file}"),
        ("--data {folder} --surface {surface}", "{folder}"),
        ("--data {folder} --world none", "--world"),
        ("--data {folder} --seed -1", "--seed"),
    ],
    "annotator_error": [
        *(
            (f"--annotations {{{kind}}} --surface {{surface}} --out {{out}}.png", f"{{{kind}}}")
            for kind in BAD_FILES
        ),
        ("--annotations {annotations} --surface {missing} --out {out}.png", "{missing}"),
        ("--annotations {annotations} --surface {surface} --out {file}/x.png", "{file}"),
        (f"{ANNOTATORS} --bandwidth-cm 0", "--bandwidth-cm"),
        (f"{ANNOTATORS} --limit-cm nan", "--limit-cm"),
    ],
    "demo": [
        ("--out {file}", "{file}"),
        ("--out {file}/below", "{file}"),
        ("--workers 0", "--workers"),
        ("--out {out} SOLVER.MAX_ITERS 3", "SOLVER.MAX_ITER"),
        ("--out ''", "--out"),
    ],
    "lab.benchmark": [
        ("losses --points 5", "--points"),
        ("head --boxes 0", "--boxes"),
        ("head --device gpu", "gpu"),
        ("head --device cuda:3", "cuda:3"),
        ("losses --points 100 --repeats 1 --out {file}/x.json", "{file}"),
        ("", "{{losses,head,postprocessing}}"),
    ],
    "lab.experiment": [
        *((f"{{{kind}}}", f"{{{kind}}}") for kind in ("missing", "folder", "binary")),
        ("configs/experiments/four_losses.yaml --jobs 0", "--jobs"),
        ("configs/experiments/four_losses.yaml --only world", "--only"),
        (f"{FOUR} --results {{binary}}", "{binary}"),
        (f"{FOUR} --results {{folder}}", "{folder}"),
        (f"{FOUR} --results {{file}}/x.csv", "{file}"),
        (f"{FOUR} --opts SOLVER.MAX_ITER 0", "SOLVER.MAX_ITER"),
        (f"{FOUR} --opts SOLVER.MAX_ITERS 3", "SOLVER.MAX_ITERS"),
    ],
    "lab.experiment_report": [
        *(
            (f"{{{kind}}} --out {{file}}", f"{{{kind}}}")
            for kind in ("missing", "folder", "empty", "binary", "nul")
        ),
    ],
    "lab.experiment_uses": [("{missing}", "{missing}"), ("{binary}", "{binary}")],
    "lab.release_checkpoint": [
        ("{missing} {weights} {metrics} --out {out}", "--licence"),
        (
            "{missing} {weights} {metrics} --out {out} --licence MIT --address https://a.b/",
            "{missing}",
        ),
        ("{config} {weights} {deep} --out {out} --licence MIT --address https://a.b/", ""),
    ],
}  # fmt: skip

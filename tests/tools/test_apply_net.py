"""tools/apply_net.py: images in, files out, messages that name what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from tests.model_factory import make_config, make_model
from tests.surface_factory import make_tiny_surface
from tests.tools.apply_net_runs import BOARD, FakePredictor, failed, files_of, picture
from tests.uncertain_densepose.inference.picture_files import (
    write_image,
    write_uneven_video,
    write_video,
)
from uncertain_densepose.inference import ChartMetric, load_people
from uncertain_densepose.surface.unknown_metric import UnknownMetric

NAMES = ("mse", "iid_iso", "indep_aniso", "full", "full_similarity")


def test_dump_writes_maps_and_lists_all_people(run, tmp_path, bright, dark, capsys):
    run("dump", bright, dark)
    out = tmp_path / "out"
    assert "images: 2, skipped as done before: 0, people: 1" in capsys.readouterr().out
    (record,) = json.loads((out / "predictions.json").read_text())
    assert record["file_name"] == str(bright) and record["bbox"] == [5, 5, 45, 65]
    saved = load_people(out / record["maps"]).people[record["person"]]
    assert saved["part"].shape == (65, 45) and saved["sigma_cm"] is not None
    assert load_people(out / "dark.npz").people == []


def test_dump_writes_results_for_coco_with_the_ids_of_the_annotations(run, tmp_path, bright, dark):
    images = [{"id": 7, "file_name": "bright.png"}, {"id": 8, "file_name": "dark.png"}]
    categories = [{"id": 1, "name": "dog"}, {"id": 7, "name": "person"}]
    (tmp_path / "val.json").write_text(json.dumps({"images": images, "categories": categories}))
    annotations = ("--annotations", str(tmp_path / "val.json"))
    run("dump", bright, dark, extra=("--format", "coco", "npz", *annotations))
    out = tmp_path / "out"
    (result,) = json.loads((out / "coco_results.json").read_text())
    assert result["image_id"] == 7 and result["category_id"] == 7
    assert result["densepose"]["shape_chw"] == [3, 65, 45]
    assert len(json.loads((out / "predictions.json").read_text())) == 1
    run("dump", bright, out=tmp_path / "named", extra=("--format", "coco"))
    (result,) = json.loads((tmp_path / "named" / "coco_results.json").read_text())
    assert result["image_id"] == "bright" and result["category_id"] == 1
    assert files_of(tmp_path / "named") == ["coco_results.json", "done.jsonl", "run.json"]


def test_dump_writes_the_pictures_that_other_programs_take(run, tmp_path, dark):
    white = picture(tmp_path / "white.png", 255)
    run("dump", white, dark, extra=("--format", "iuv", "inds", "parts", "cutout"))
    out = tmp_path / "out"
    suffixes = ("INDS", "IUV", "cutout", "parts")
    files = [f"{name}_{suffix}.png" for name in ("dark", "white") for suffix in suffixes]
    assert files_of(out) == sorted([*files, "done.jsonl", "run.json"])

    def read(suffix, name="white"):
        return cv2.imread(str(out / f"{name}_{suffix}.png"), cv2.IMREAD_UNCHANGED)

    first, other = FakePredictor("full", white).people(cv2.imread(str(white)))
    person, part = read("INDS"), read("IUV")[..., 0]
    # The first person has the higher score and covers the other.
    np.testing.assert_array_equal(person[first.window_slices] == 1, first.part > 0)
    below = (other.part > 0) & (person[other.window_slices] != 1)
    np.testing.assert_array_equal(person[other.window_slices] == 2, below)
    np.testing.assert_array_equal(
        part[first.window_slices][first.part > 0], first.part[first.part > 0]
    )
    # DensePose's visualiser: I x 255 / 24 in OpenCV's parula.
    parula = cv2.applyColorMap((part * (255 / 24)).astype(np.uint8), cv2.COLORMAP_PARULA)
    np.testing.assert_array_equal(read("parts"), np.where(part[..., None] > 0, parula, 0))
    cutout = read("cutout")
    np.testing.assert_array_equal(cutout[..., 3] == 255, person > 0)
    assert (cutout[..., :3] == 255).all() and set(np.unique(cutout[..., 3])) == {0, 255}
    for suffix in ("IUV", "INDS", "parts"):
        assert read(suffix, "dark").shape[:2] == (80, 60) and not read(suffix, "dark").any()
    assert (read("cutout", "dark")[..., :3] == 9).all()


def test_pictures_of_frames_lie_in_the_folder_of_their_video(run, tmp_path):
    run("dump", write_video(tmp_path / "clip.avi", 2), extra=("--format", "npz", "iuv"))
    assert files_of(tmp_path / "out") == [
        *("clip/000000.npz", "clip/000000_IUV.png", "clip/000001.npz", "clip/000001_IUV.png"),
        *("done.jsonl", "predictions.json", "run.json"),
    ]


def test_show_writes_a_picture_of_every_image(run, tmp_path, bright, dark):
    run("show", bright, dark, extra=("--side", "300"))
    one, nobody = (cv2.imread(str(tmp_path / "out" / name)) for name in ("bright.png", "dark.png"))
    assert one.shape == nobody.shape
    assert (nobody[70:200, 8:220] == 9).all()
    assert (one[70:350, 8:] != 120).any()


def test_a_folder_keeps_its_structure_and_natural_order(run, tmp_path):
    for name in ("img10.png", "img2.png", "sub/img1.png"):
        picture(tmp_path / "photos" / name if "/" not in name else tmp_path / name, 120)
    (tmp_path / "sub").rename(tmp_path / "photos" / "sub")
    run("dump", tmp_path / "photos")
    records = json.loads((tmp_path / "out" / "predictions.json").read_text())
    assert [record["maps"] for record in records] == ["img2.npz", "img10.npz", "sub/img1.npz"]


def test_bad_images_are_reported_at_the_end_and_stop_nothing(run, tmp_path, bright, capsys):
    whole = write_image(tmp_path / "photos" / "cut.jpg").read_bytes()
    (tmp_path / "photos" / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "photos" / "text.jpg").write_text("no image at all")
    (tmp_path / "photos" / "empty.png").touch()
    picture(tmp_path / "photos" / "good.png", 120)
    said = failed(run, capsys, 1, "show", tmp_path / "photos", bright)
    lines = said[said.index("could not be used") :].splitlines()
    assert [Path(line.split(":")[0].strip()).name for line in lines[1:]] == [
        "cut.jpg",
        "empty.png",
        "text.jpg",
    ]
    assert (tmp_path / "out" / "good.png").exists() and (tmp_path / "out" / "bright.png").exists()


def test_names_that_clash_are_refused_before_the_model_is_loaded(tool, tmp_path, capsys):
    one, other = picture(tmp_path / "a" / "x.png", 9), picture(tmp_path / "b" / "x.png", 9)
    model = ["--config-file", "none.yaml", "--weights", "none.pth", "--out", str(tmp_path / "out")]
    with pytest.raises(SystemExit) as end:
        tool.main(["show", str(one), str(other), *model])
    said = capsys.readouterr().err
    assert end.value.code == 2 and str(one) in said and str(other) in said
    assert not (tmp_path / "out").exists()


def test_frames_of_a_video_are_images_and_become_a_video(run, tmp_path):
    clip = write_video(tmp_path / "clip.avi", 9)
    extra = ("--video", "--every", "2", "--pictures", "part", "--side", "300")
    run("show", clip, extra=extra)
    out = tmp_path / "out"
    frames = [f"clip/{number:06d}.png" for number in (0, 2, 4, 6, 8)]
    assert files_of(out) == ["clip.mp4", *frames, "done.jsonl", "run.json"]
    video = cv2.VideoCapture(str(out / "clip.mp4"))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == 5
    assert video.get(cv2.CAP_PROP_FPS) == pytest.approx(5)
    run_file = json.loads((out / "run.json").read_text())
    assert run_file["settings"]["vmax_cm"] == 10 and run_file["outputs"] == ["clip.mp4"]


def test_records_of_a_video_name_the_frame(run, tmp_path):
    run("dump", write_video(tmp_path / "clip.avi", 7), extra=("--every", "6"))
    (record,) = json.loads((tmp_path / "out" / "predictions.json").read_text())
    assert (record["frame"], record["maps"]) == (6, "clip/000006.npz")


def test_a_video_of_uneven_times_keeps_them(run, tmp_path):
    times_s = [0, 0.04, 0.5, 0.53, 2.0, 2.04, 2.5]
    clip = write_uneven_video(tmp_path / "clip.webm", "libvpx", times_s, rate=1000)
    out = tmp_path / "out"
    for every, expected in (("1", times_s), ("3", times_s[::3])):
        run("show", clip, extra=("--video", "--every", every, "--pictures", "part", "--side", "64"))
        with av.open(str(out / "clip.mp4")) as file:
            shown = [frame.time for frame in file.decode(video=0)]
        np.testing.assert_allclose(shown, expected, atol=1e-3)
    pale = write_uneven_video(tmp_path / "pale.webm", "libvpx", np.arange(21) / 10)
    run("dump", pale, out=out / "x")
    records = json.loads((out / "x" / "predictions.json").read_text())
    assert len(records) > 5
    for record in records:
        assert record["time_s"] == pytest.approx(record["frame"] / 10)


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_the_joint_error_is_animated(run, tmp_path, bright, kind):
    run("show", bright, extra=("--animation", kind, "--side", "64", "--pictures", "part"))
    with Image.open(tmp_path / "out" / f"bright.samples.{kind}") as animation:
        assert animation.n_frames == 24 and animation.size == (220 + 16, 54 + 64 + 16)


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_an_animation_of_nobody_says_so(run, tmp_path, dark, kind, monkeypatch):
    from uncertain_densepose.visualization import picture_grid

    headers = []
    header = picture_grid._header
    monkeypatch.setattr(picture_grid, "_header", lambda *a: (headers.append(a[:2]), header(*a))[1])
    extra = ("--animation", kind, "--side", "64", "--pictures", "sigma")
    run("show", dark, extra=extra)
    assert (tmp_path / "out" / f"dark.samples.{kind}").stat().st_size > 0
    assert set(headers) == {("nobody found", None)}


def test_surface_paints_each_person_or_the_chosen_one(run, tmp_path, dark):
    white = picture(tmp_path / "white.png", 255)
    run("surface", white, dark)
    both = ["done.jsonl", "run.json", "white.person0.png", "white.person1.png"]
    assert files_of(tmp_path / "out") == both
    run("surface", white, out=tmp_path / "one", extra=("--person", "1"))
    assert files_of(tmp_path / "one") == ["done.jsonl", "run.json", "white.person1.png"]
    pictures = [
        cv2.imread(str(tmp_path / name))
        for name in ("out/white.person1.png", "one/white.person1.png")
    ]
    np.testing.assert_array_equal(*pictures)


def test_surface_is_refused_on_charts_alone_with_nothing_written(
    run, tmp_path, bright, capsys, monkeypatch
):
    monkeypatch.setattr(FakePredictor, "metric", ChartMetric(BOARD.surface.without_distances()))
    said = failed(run, capsys, 2, "surface", bright)
    assert "holds charts alone" in said and "tools/build_surface.py" in said
    assert not (tmp_path / "out").exists()
    run("dump", bright)


def test_a_model_without_noise_model_shows_what_it_can_and_says_what_not(run, bright, capsys):
    run("show", bright, kind="mse")
    said = capsys.readouterr().out
    assert "the model (mse) has no noise model: its pictures are without sigma+ellipses" in said


@pytest.mark.parametrize(
    "command, extra, message",
    [
        ("show", ("--pictures", "part,sigma,samples"), "cannot give the pictures sigma, samples"),
        ("show", ("--animation", "gif"), "there is no error to animate"),
        ("surface", (), "there is no uncertainty to paint on the body"),
    ],
)
def test_what_needs_a_noise_model_is_refused_without_one(
    run, bright, capsys, command, extra, message
):
    said = failed(run, capsys, 2, command, bright, kind="mse", extra=extra)
    assert f"the model (mse) has no noise model: {message}" in said.replace(": it ", ": ")


@pytest.fixture
def unknown_surface(monkeypatch):
    """The model's surface has not been imported."""
    monkeypatch.setattr(FakePredictor, "metric", UnknownMetric("densepose_smpl_surface.npz"))


def test_without_the_surface_pictures_and_maps_are_in_chart_units(
    run, tmp_path, bright, capsys, unknown_surface
):
    run("show", bright)
    said = capsys.readouterr().out
    assert "tools/import_surface.py smpl --help`: shows sigma_uv in place of sigma" in said
    settings = json.loads((tmp_path / "out" / "run.json").read_text())["settings"]
    assert settings["pictures"] == "box,part,isolines,sigma_uv+ellipses"
    assert settings["surface_sha256"] is None
    run("show", bright, out=tmp_path / "own", extra=("--pictures", "part,sigma_uv"))
    assert "import_surface" not in capsys.readouterr().out
    run("dump", bright, out=tmp_path / "maps", extra=("--format", "npz", "iuv"))
    (saved,) = load_people(tmp_path / "maps" / "bright.npz").people
    assert saved["sigma_uv"] is not None and saved["sigma_cm"] is None


@pytest.mark.parametrize(
    "command, extra, message",
    [
        ("show", ("--pictures", "part,sigma,samples"), "cannot give the pictures sigma, samples"),
        ("show", ("--animation", "gif"), "errors are animated in centimetres"),
        ("surface", (), "see `python tools/import_surface.py smpl --help`"),
    ],
)
def test_what_needs_the_surface_is_refused_without_it(
    run, bright, capsys, command, extra, message, unknown_surface
):
    said = failed(run, capsys, 2, command, bright, extra=extra)
    assert message in said and said.count("\n") == 1
    assert said.startswith("error: densepose_smpl_surface.npz: no such surface file")


@pytest.mark.parametrize(
    "extra, message",
    [
        (("show", "--score-threshold", "50"), "must be in 0..1, not 50"),
        (("show", "--every", "0"), "must be at least 1, not 0"),
        (("show", "--batch-size", "two"), "invalid int value: 'two'"),
        (("show", "--pictures", "sgima"), "no picture 'sgima'; use box"),
        (("show", "--video"), "--video: none of the images is a video"),
        (("dump", "--format", "csv"), "invalid choice: 'csv'"),
        (("dump", "--annotations", "val.json"), "--annotations is for --format coco only"),
        (("show", "--model", "synth/unc_full_small"), "either --model, or both --config-file"),
        (("dump", "--format", "coco", "--annotations", "none.json"), "none.json"),
    ],
)
def test_mistakes_are_told_in_one_line(run, bright, capsys, extra, message):
    command, *options = extra
    said = failed(run, capsys, 2, command, bright, extra=options)
    assert message in said.strip().splitlines()[-1]


def test_videos_have_no_ids(run, tmp_path, capsys):
    (tmp_path / "val.json").write_text('{"images": []}')
    extra = ("--format", "coco", "--annotations", str(tmp_path / "val.json"))
    said = failed(run, capsys, 2, "dump", write_video(tmp_path / "clip.avi", 1), extra=extra)
    assert "video frames have no ids" in said


def test_the_output_must_be_a_folder(run, bright, dark, capsys):
    assert "must be a folder" in failed(run, capsys, 2, "show", bright, out=dark)


@pytest.mark.parametrize(
    "model, message",
    [
        (["--model", "synth/none"], "synth/none"),
        (
            ["--config-file", "configs/synth/unc_full.yaml", "--weights", "none.pth"],
            "none.pth: no such file of weights",
        ),
    ],
)
def test_a_missing_model_is_told_in_one_line(tool, tmp_path, bright, capsys, model, message):
    with pytest.raises(SystemExit) as end:
        tool.main(["show", str(bright), *model, "--out", str(tmp_path / "out")])
    assert end.value.code == 2 and message in capsys.readouterr().err.strip().splitlines()[-1]


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Path:
    """Configs, weights of untrained models of every noise kind, their surface, and an image."""
    folder = tmp_path_factory.mktemp("models")
    make_tiny_surface(cells=4).save(folder / "board.npz")
    for kind in NAMES:
        cfg = make_config(kind, "INPUT.MIN_SIZE_TEST", 96, "TEST.DETECTIONS_PER_IMAGE", 2)
        cfg.MODEL.ROI_DENSEPOSE_HEAD.HEATMAP_SIZE = 56
        (folder / f"{kind}.yaml").write_text(cfg.dump())
        torch.save({"model": make_model(cfg).state_dict()}, folder / f"{kind}.pth")
    noise = np.random.default_rng(0).integers(0, 256, (96, 120, 3), dtype=np.uint8)
    cv2.imwrite(str(folder / "noise.png"), noise)
    return folder


@pytest.mark.parametrize("kind", NAMES)
def test_every_noise_model_is_shown_dumped_and_painted(tool, models, tmp_path, kind):
    """With real, untrained models, whose every detection is taken."""
    files = ("--config-file", f"{kind}.yaml", "--weights", f"{kind}.pth", "--surface", "board.npz")
    named = [str(models / name) if name.endswith(("l", "h", "z")) else name for name in files]
    options = [*named, "--device", "cpu", "--score-threshold", "0", "--batch-size", "2"]
    image = str(models / "noise.png")
    layers = "box,part,probability,uv,isolines" + (
        "" if kind == "mse" else ",sigma+ellipses,samples"
    )
    show = ["--pictures", layers, "--side", "96", "--samples", "2"]
    tool.main(["show", image, *options, "--out", str(tmp_path / "show"), *show])
    columns = cv2.imread(str(tmp_path / "show" / "noise.png")).shape[1]
    assert columns == 8 + 4 * 228
    tool.main(["dump", image, *options, "--out", str(tmp_path / "dump")])
    records = json.loads((tmp_path / "dump" / "predictions.json").read_text())
    assert 1 <= len(records) <= 2
    (saved, *_) = load_people(tmp_path / "dump" / "noise.npz").people
    assert (saved["sigma_cm"] is None) == (kind == "mse")
    assert (saved["shared_covariance"] is None) == (not kind.startswith("full"))
    if kind != "mse":
        tool.main(["surface", image, *options, "--out", str(tmp_path / "surface")])
        assert len(list((tmp_path / "surface").glob("noise.person*.png"))) == len(records)

"""Backgrounds out of packages: pictures, their licences, and packages that are none."""

import base64
import csv
import io
import json
import tarfile

import av
import cv2
import numpy as np
import pytest

from lab.background_archives.copyright_file import CopyrightFile
from lab.background_archives.packages import without_ringing
from lab.backgrounds import main
from synthetic_people.background_files import decode_exr, read_background

COPYRIGHT = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: 2020, Somebody
           2021, Somebody Else
License: GPL-2+

Files: nature/hill*.jpg
  nature/lake.jpg
Copyright: 2019, A Photographer <a@example.org>
License: CC-BY-SA-4.0
 In full here.

Files: debian/*
Copyright: 2022, A Packager
License: Expat
"""


def tar(files, mode="w:gz"):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def exr(linear):
    """An OpenEXR file of (H, W, 3) float32 RGB, by FFmpeg."""
    height, width = linear.shape[:2]
    packed = io.BytesIO()
    with av.open(packed, "w", format="image2pipe") as container:
        stream = container.add_stream("exr", rate=1)
        stream.width, stream.height, stream.pix_fmt = width, height, "gbrpf32le"
        frame = av.VideoFrame(width, height, "gbrpf32le")
        for plane, channel in zip(frame.planes, (1, 2, 0), strict=True):
            rows = np.zeros((height, plane.line_size // 4), np.float32)
            rows[:, :width] = linear[..., channel]
            plane.update(rows.tobytes())
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return packed.getvalue()


def deb(files, copyright_text=COPYRIGHT):
    files = files | {"./usr/share/doc/hills/copyright": copyright_text.encode()}
    content = b"!<arch>\n"
    for name, data in (("debian-binary", b"2.0\n"), ("data.tar.xz", tar(files, "w:xz"))):
        header = f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(data):<10}`\n".encode()
        content += header + data + b"\n" * (len(data) % 2)
    return content


def jpeg(level=90):
    return cv2.imencode(".jpg", np.full((40, 60, 3), level, np.uint8))[1].tobytes()


@pytest.fixture
def panorama():
    return np.random.default_rng(0).random((16, 32, 3)).astype(np.float32)


@pytest.fixture
def npm(tmp_path, panorama):
    code = "export default 'data:application/exr;base64," + base64.b64encode(exr(panorama)).decode()
    package = {"name": "@pmndrs/assets", "version": "1.7.0", "license": "CC0-1.0", "author": "A"}
    path = tmp_path / "assets.tgz"
    path.write_bytes(tar({
        "package/package.json": json.dumps(package).encode(),
        "package/hdri/hall.exr.js": f"{code}'".encode(),
        "package/hdri/hall.exr.d.ts": b"type",
        "package/fonts/inter.js": b"font",
    }))  # fmt: skip
    return path


@pytest.fixture
def debian(tmp_path):
    path = tmp_path / "hills_1_all.deb"
    path.write_bytes(deb({
        "./usr/share/backgrounds/hill_2.jpg": jpeg(),
        "./usr/share/backgrounds/art.png": b"drawn",
        "./usr/share/backgrounds/list.xml": b"<x/>",
    }))  # fmt: skip
    return path


def rows(folder):
    with (folder / "ATTRIBUTION.csv").open(newline="") as file:
        return {row.pop("file"): row for row in csv.DictReader(file)}


def test_openexr_is_read_to_its_last_bit(panorama):
    np.testing.assert_array_equal(decode_exr(exr(panorama)), panorama)


def test_panoramas_become_radiance_files_with_their_licence(npm, panorama, tmp_path):
    main([str(npm), str(tmp_path / "out")])
    read = read_background(tmp_path / "out/hall.hdr").radiance
    np.testing.assert_allclose(read, panorama, atol=0.01)
    assert rows(tmp_path / "out") == {
        "hall.hdr": {
            "licence": "CC0-1.0",
            "copyright": "A",
            "source": "npm @pmndrs/assets 1.7.0: package/hdri/hall.exr.js",
        }
    }


def test_packages_share_a_folder_and_its_table(npm, debian, tmp_path, capsys):
    for archive in (npm, debian):
        main([str(archive), str(tmp_path / "out"), "--only", "h*"])
    assert "1 backgrounds: hill_2.jpg" in capsys.readouterr().out
    table = rows(tmp_path / "out")
    assert list(table) == ["hall.hdr", "hill_2.jpg"]
    assert table["hill_2.jpg"]["licence"] == "CC-BY-SA-4.0"
    assert table["hill_2.jpg"]["copyright"] == "2019, A Photographer <a@example.org>"
    assert (tmp_path / "out/hill_2.jpg").read_bytes() == jpeg()


def test_copyright_files_answer_by_the_last_rule_that_fits():
    answers = CopyrightFile(COPYRIGHT)
    assert answers.of("lake.jpg")[0] == "CC-BY-SA-4.0"
    assert answers.of("other.png") == ("GPL-2+", "2020, Somebody; 2021, Somebody Else")
    assert "see the package" in CopyrightFile("It was downloaded from the net.").of("a.jpg")[0]


def test_rings_around_lamps_are_filled_and_the_rest_is_left():
    linear = np.full((32, 64, 3), 0.2, np.float32)
    linear[3:6, 3:6] = 0
    linear[19:22, 29:32] = 0
    linear[20, 30] = 900, 20, -1
    mended = without_ringing(linear)
    assert mended[20, 30].tolist() == [900, 450, 450]
    np.testing.assert_allclose(mended[19, 29], 0.2, atol=1e-6)
    assert (mended[3:6, 3:6] == 0).all()


@pytest.mark.parametrize(
    "content",
    [b"", b"no package", b"!<arch>\nrubbish" * 9, tar({"package/a.js": b""})],
    # The archive has the time in it, which the names of tests must not.
    ids=["empty", "text", "damaged", "another package"],
)
def test_other_files_are_refused_in_one_line(tmp_path, content, capsys):
    (tmp_path / "a.tgz").write_bytes(content)
    with pytest.raises(SystemExit, match="2"):
        main([str(tmp_path / "a.tgz"), str(tmp_path / "out")])
    message = capsys.readouterr().err
    assert "a.tgz" in message and message.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_damaged_panoramas_missing_names_and_missing_files_are_told(npm, tmp_path, capsys):
    damaged = tmp_path / "damaged.tgz"
    damaged.write_bytes(tar({"package/hdri/hall.exr.js": b"'base64,AAAA'"}))
    for arguments, told in (
        ([damaged], "hall.exr.js holds no OpenEXR"),
        ([npm, "--only", "x*"], "no picture of the package is named x*"),
        ([tmp_path / "none.tgz"], "none.tgz"),
    ):
        archive, *options = arguments
        with pytest.raises(SystemExit, match="2"):
            main([str(archive), str(tmp_path / "out"), *options])
        assert told in capsys.readouterr().err

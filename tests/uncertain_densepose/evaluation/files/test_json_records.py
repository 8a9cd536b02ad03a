import json

import pytest

from uncertain_densepose.evaluation.files import json_records
from uncertain_densepose.evaluation.files.json_records import (
    JsonArrayError,
    read_element,
    scan_array,
)

ELEMENTS = [{"a": [1, 2, {"b": "}]"}]}, 17, "text, ] with \\ signs", None, [], -1.5e-3, {"ü": "ß"}]


def write(tmp_path, text):
    path = tmp_path / "array.json"
    path.write_bytes(text.encode())
    return path


@pytest.fixture(params=[1, 7, 1 << 20])
def small_reads(request, monkeypatch):
    """Files are read a few bytes at a time, so that elements lie across reads."""
    monkeypatch.setattr(json_records, "_SMALLEST_READ", request.param)


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_elements_come_in_order_and_can_be_read_again(tmp_path, small_reads, indent, ascii_only):
    text = json.dumps(ELEMENTS, indent=indent, ensure_ascii=ascii_only)
    path = write(tmp_path, "\n " + text + "\n")
    scanned = list(scan_array(path))
    if ascii_only:
        assert [element for _, element in scanned] == ELEMENTS
    assert [read_element(path, span) for span, _ in reversed(scanned)] == ELEMENTS[::-1]


@pytest.mark.parametrize("text", ["[]", " [ ] ", "[\n]"])
def test_an_empty_array_has_no_elements(tmp_path, small_reads, text):
    assert list(scan_array(write(tmp_path, text))) == []


@pytest.mark.parametrize("text", ["", "  ", "{}", '{"annotations": []}', "17", "\ufeff[]", "x"])
def test_what_is_no_array_is_refused(tmp_path, small_reads, text):
    with pytest.raises(JsonArrayError, match="not a JSON array"):
        list(scan_array(write(tmp_path, text)))


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ('[{"a": 1}, {"a": 2', 1),
        ('[{"a": 1}, {"a" 2}]', 1),
        ("[1, 2", 1),
        ("[1,", 1),
        ("[1,, 2]", 1),
        ("[1 2]", 0),
        ("[1}", 0),
        ("[", 0),
        ("[1, ]", 1),
        ("[" + "[" * 100_000, 0),
    ],
)
def test_what_breaks_off_is_refused_with_its_place(tmp_path, text, index):
    with pytest.raises(JsonArrayError, match=f"element {index}"):
        list(scan_array(write(tmp_path, text)))


def test_an_element_may_not_be_endless(tmp_path, monkeypatch):
    monkeypatch.setattr(json_records, "_LARGEST_ELEMENT", 100)
    monkeypatch.setattr(json_records, "_SMALLEST_READ", 10)
    with pytest.raises(JsonArrayError, match="element 0"):
        list(scan_array(write(tmp_path, "[" + json.dumps("x" * 1000) + "]")))


def test_a_file_that_has_changed_is_named(tmp_path):
    path = write(tmp_path, json.dumps(ELEMENTS))
    ((span, _), *_) = scan_array(path)
    path.write_text("[")
    with pytest.raises(JsonArrayError, match="has changed"):
        read_element(path, span)

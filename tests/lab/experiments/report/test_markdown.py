import re

import pytest

from lab.experiments.report.markdown import fill_blocks, markdown_table
from lab.experiments.report.rows import DocumentError

DOCUMENT = """\
# Title

Written by hand.
<!-- begin one -->
old
<!-- end one -->
Also by hand, of no <!-- begin --> and `begin two`.

<!-- begin two -->
<!-- end two -->
"""


def test_blocks_are_replaced_and_the_rest_is_left():
    found = fill_blocks(DOCUMENT, {"one": r"new \1 text", "two": "\nlines\nof text\n"})
    assert found == DOCUMENT.replace("old", r"new \1 text").replace(
        "<!-- begin two -->\n", "<!-- begin two -->\nlines\nof text\n"
    )
    assert fill_blocks(found, {"one": "old", "two": ""}) == DOCUMENT.replace(
        "<!-- begin two -->\n", "<!-- begin two -->\n\n"
    )


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (DOCUMENT.replace("end one", "end once"), "unknown block 'once'"),
        (DOCUMENT.replace("<!-- end one -->\n", ""), "'<!-- begin one -->'"),
        (DOCUMENT + DOCUMENT, "'<!-- begin one -->'"),
        ("", "'<!-- begin one -->'"),
    ],
)
def test_blocks_that_do_not_fit_are_named(document, message):
    with pytest.raises(DocumentError, match=re.escape(message)):
        fill_blocks(document, {"one": "", "two": ""})


def test_a_table_keeps_its_texts():
    lines = markdown_table(["model", "cm"], [["mse", "1.50"], ["full", "**+2.0**"]]).splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert cells[0] == ["model", "cm"]
    assert cells[2:] == [["mse", "1.50"], ["full", "**+2.0**"]]

"""The page as text: it holds all that it shows, and nothing in a name gets out of its place."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

from tests.uncertain_densepose.visualization.html_report.results_factory import (
    page_of,
    random_image,
    random_person,
    write_figure,
    write_metrics,
    write_predictions,
)
from uncertain_densepose.visualization.html_report.page import HERE, SCRIPTS, STYLES

SIZE = (30, 40)
EVIL = "'\"><script>hacked=1<!--&amp;"


class Elements(HTMLParser):
    """All elements of a page, with their attributes and the text up to the next tag."""

    def __init__(self, page: str):
        super().__init__()
        self.found: list[tuple[str, dict, str]] = []
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes), ""))
        self._inside = True

    def handle_endtag(self, tag):
        self._inside = False

    def handle_data(self, data):
        if self._inside:
            tag, attributes, text = self.found[-1]
            self.found[-1] = (tag, attributes, text + data)

    def named(self, tag: str) -> list[tuple[dict, str]]:
        return [(attributes, text) for name, attributes, text in self.found if name == tag]


@pytest.fixture(scope="module")
def evil_page(tmp_path_factory) -> str:
    """A page on which every name that comes from a file tries to become markup."""
    root = tmp_path_factory.mktemp("evil")
    metrics = {EVIL: {EVIL: 1.0, f"x-{EVIL}": 2.0, "text": f"</td>{EVIL}"}}
    run = write_metrics(root / f"run{EVIL}", metrics, EVIL)
    write_figure(run / f"figures_{EVIL}" / f"{EVIL}.png")
    image = random_image(root / f"{EVIL}.png", SIZE)
    people = write_predictions(root / "people", {image: [random_person((5, 5, 30, 28), SIZE)]})
    return page_of(run, people, title=EVIL, notes=[f"gone: {EVIL}"])


def test_names_from_files_stay_text(evil_page):
    assert "<script>hacked" not in evil_page and "'\">" not in evil_page
    elements = Elements(evil_page)
    scripts = elements.named("script")
    assert [attributes.get("type") for attributes, _ in scripts] == ["application/json", None]
    # What a reader sees is the name as it is.
    texts = [text for _, _, text in elements.found]
    assert texts.count(EVIL) >= 4
    assert any(text == f"</td>{EVIL}" for _, text in elements.named("td"))
    assert not any(name.startswith("on") for _, a, _ in elements.found for name in a)
    (view,) = [a for a, _ in elements.named("div") if a.get("class") == "view"]
    assert EVIL in view["aria-label"]


def test_nothing_is_loaded_from_elsewhere(evil_page):
    elements = Elements(evil_page)
    addresses = [
        value
        for _, attributes, _ in elements.found
        for name, value in attributes.items()
        if name in ("src", "href", "srcset", "action", "data", "poster")
    ]
    assert len(addresses) >= 4
    assert all(value.startswith(("data:", "#")) for value in addresses)
    assert not re.search(r"url\(|@import|https?:|\bfetch\(|XMLHttpRequest|import\(", evil_page)


def test_the_policy_allows_this_style_and_script_alone(evil_page):
    elements = Elements(evil_page)
    ((_, style),) = elements.named("style")
    script = elements.named("script")[-1][1]
    meta = [attributes for attributes, _ in elements.named("meta")]
    (policy,) = [m["content"] for m in meta if m.get("http-equiv") == "Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))

    def hash_of(text):
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    assert rules == {
        "default-src": "'none'",
        "img-src": "data:",
        "style-src": hash_of(style),
        "script-src": hash_of(script),
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    # The policy counts from where it stands.
    assert evil_page.index("Content-Security-Policy") < evil_page.index("<style>")
    assert "style" not in {name for _, a, _ in elements.found for name in a}


def test_tables_are_tables_to_a_screen_reader(tmp_path):
    values = {"AP": 1.5, "AP-hand": 2.5}
    folders = [write_metrics(tmp_path / name, {"bbox": values}) for name in ("a", "b")]
    page = page_of(*folders)
    elements = Elements(page)
    assert len(elements.named("table")) == len(elements.named("caption")) == 2
    scopes = [attributes["scope"] for attributes, _ in elements.named("th")]
    assert set(scopes) == {"col", "colgroup", "row"}
    sortable = [a for a, _ in elements.named("th") if "aria-sort" in a]
    assert len(sortable) == 6 and all(a["scope"] == "col" for a in sortable)
    assert '<td data-value="1.5">1.500</td>' in page


def test_sections_without_content_are_left_out(tmp_path):
    page = page_of(write_metrics(tmp_path / "a", {"bbox": {"AP": 1}}))
    assert '<h2 id="metrics-title">' in page
    assert 'id="figures"' not in page and 'id="gallery"' not in page


def test_a_gallery_that_lost_all_its_images_says_so(tmp_path):
    page = page_of(write_metrics(tmp_path / "a", {"bbox": {"AP": 1}}), notes=["x.jpg is gone"])
    assert "x.jpg is gone" in page and 'id="gallery"' in page and 'id="scales"' not in page


def test_the_scale_of_sigma_is_shared_and_there_is_none_without_a_noise_model(tmp_path):
    image = random_image(tmp_path / "x.png", SIZE)

    def shown(noise):
        people = [random_person((5, 5, 30, 28), SIZE, noise=noise)]
        page = page_of(write_predictions(tmp_path / noise, {image: people}))
        return json.loads(Elements(page).named("script")[0][1])["sigmaShownCm"]

    assert shown("full") > 1
    assert shown("mse") is None


def test_style_and_scripts_cannot_end_their_element():
    for name in (*STYLES, *SCRIPTS):
        assert "</" not in (HERE / name).read_text(encoding="utf-8")

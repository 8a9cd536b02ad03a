"""The page in a real browser: what a person clicks, points at, touches and reads."""

from __future__ import annotations

from contextlib import contextmanager

import numpy as np
import pytest

from tests.uncertain_densepose.visualization.html_report.browser import headless_browser
from tests.uncertain_densepose.visualization.html_report.results_factory import (
    page_of,
    random_image,
    random_person,
    write_figure,
    write_metrics,
    write_predictions,
)
from uncertain_densepose.surface import PART_NAMES
from uncertain_densepose.visualization.palette import PART_COLOURS

pytestmark = pytest.mark.slow

SIZE = (90, 120)
SHOWN = (45, 60)
EVIL = "'\"><script>hacked=1<!--&amp;"
PEOPLE = [
    random_person((5.5, 4, 70, 80), SIZE, seed=1, score=0.9),
    random_person((40, 10, 118, 88), SIZE, seed=2, score=0.6),
]
CERTAIN = [random_person((10, 5, 100, 85), SIZE, seed=3, score=0.8, noise="mse")]
METRICS = {
    "full": {"bbox": {"AP": 27.5, "AP50": 7.25, "AR": 100.5, "APs": None, "AP-hand": 3.0}},
    "mse": {"bbox": {"AP": 9.0, "AP50": 71.0, "AR": -1.0, "AP-hand": 2.0, "AP-foot": 11.0}},
}


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A report of two runs and two images, whose names try to become markup."""
    root = tmp_path_factory.mktemp("report")
    runs = [write_metrics(root / name, metrics, EVIL) for name, metrics in METRICS.items()]
    write_figure(runs[0] / f"figures_{EVIL}" / f"{EVIL}.png", (300, 500))
    images = {
        random_image(root / f"{EVIL}.png", SIZE): PEOPLE,
        random_image(root / "certain.png", SIZE): CERTAIN,
    }
    folders = [*runs, write_predictions(root / "people", images)]
    page = page_of(*folders, title=EVIL, notes=[EVIL], max_side=max(SHOWN))
    (root / "report.html").write_text(page, encoding="utf-8")
    return root / "report.html"


@pytest.fixture(scope="module")
def browser():
    with headless_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def opened(browser, report):
    """Open the report from its file, without a network; it may ask for nothing and complain of
    nothing."""

    @contextmanager
    def open_page(**options):
        options = {"viewport": {"width": 1300, "height": 1800}} | options
        context = browser.new_context(offline=True, **options)
        page = context.new_page()
        asked, said = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(report.as_uri())
        yield page
        assert page.evaluate("typeof hacked") == "undefined"
        assert [url for url in asked if not url.startswith("data:")] == [report.as_uri()]
        assert said == []
        context.close()

    return open_page


def first_column(page) -> list[str]:
    return page.locator("table").first.locator("tbody th").all_inner_texts()


def sort_states(page) -> list[str]:
    heads = page.locator("table").first.locator("thead th").all()
    return [head.get_attribute("aria-sort") for head in heads]


def test_a_click_on_a_head_sorts_up_down_and_back(opened):
    as_it_was = ["AP", "AP50", "AR", "APs"]
    with opened() as page:
        head = page.locator("table").first.get_by_role("button", name="full")
        assert first_column(page) == as_it_was and sort_states(page) == ["none"] * 3
        head.click()
        assert first_column(page) == ["AP50", "AP", "AR", "APs"]
        assert sort_states(page) == ["none", "ascending", "none"]
        head.click()
        # What was not measured stays last.
        assert first_column(page) == ["AR", "AP", "AP50", "APs"]
        assert sort_states(page) == ["none", "descending", "none"]
        head.click()
        assert first_column(page) == as_it_was and sort_states(page) == ["none"] * 3


def test_the_keyboard_sorts_by_any_column(opened):
    with opened() as page:
        page.locator("table").first.get_by_role("button", name="mse").focus()
        page.keyboard.press("Enter")
        assert first_column(page) == ["AR", "AP", "AP50", "APs"]
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Space")
        page.keyboard.press("Space")
        assert first_column(page) == ["AR", "APs", "AP50", "AP"]
        assert sort_states(page) == ["descending", "none", "none"]


def test_columns_below_a_metric_sort_by_their_own_run(opened):
    with opened() as page:
        page.locator("summary").click()
        table = page.locator("details table")
        assert table.locator("tbody th").all_inner_texts() == ["hand", "foot"]
        table.get_by_role("button", name="mse").click()
        table.get_by_role("button", name="mse").click()
        assert table.locator("tbody th").all_inner_texts() == ["foot", "hand"]


def read_fields(figure) -> dict[str, tuple[str, str]]:
    """The text and the exact value of each field below a picture."""
    found = figure.locator(".reading data").evaluate_all(
        "elements => elements.map(e => [e.className, [e.textContent, e.value]])"
    )
    return {name: tuple(pair) for name, pair in found}


def place(figure, row: int, column: int) -> tuple[float, float]:
    """Where in the window the centre of a shown pixel is."""
    box = figure.locator("canvas").bounding_box()
    x = box["x"] + box["width"] * (column + 0.5) / SHOWN[1]
    return x, box["y"] + box["height"] * (row + 0.5) / SHOWN[0]


def source(people, row: int, column: int):
    """The image's pixel under a shown one; the surest person there, its number, row and column."""
    y, x = (row * 2 + 1) * SIZE[0] // (2 * SHOWN[0]), (column * 2 + 1) * SIZE[1] // (2 * SHOWN[1])
    for number, person in enumerate(people, start=1):
        x0, y0, x1, y1 = person.window
        if x0 <= x < x1 and y0 <= y < y1 and person.part[y - y0, x - x0]:
            return x, y, number, person, (y - y0, x - x0)
    return x, y, 0, None, None


def assert_reads(fields, people, row: int, column: int):
    """The fields agree with the arrays that the people were saved from, to half a step."""
    x, y, number, person, at = source(people, row, column)
    assert fields["pixel"] == (f"{x}, {y}", f"{x},{y}")
    assert int(fields["person"][1]) == number
    part = int(person.part[at]) if person else 0
    assert int(fields["part"][1]) == part
    assert fields["part"][0] == (f"{part} {PART_NAMES[part]}" if part else "background")
    if person is None:
        assert {fields[k][0] for k in ("person", "u", "v", "sigma", "probability")} == {"–"}
        return
    assert fields["person"][0] == f"{number} ({person.score:.2f})"
    half = 0.5 / 255 + 1e-6
    uv = [float(fields[axis][1]) for axis in "uv"]
    np.testing.assert_allclose(uv, np.clip(person.uv[at], 0, 1), atol=half)
    np.testing.assert_allclose([float(fields[axis][0]) for axis in "uv"], uv, atol=5.1e-4)
    probability = person.part_probability[at]
    assert float(fields["probability"][1]) == pytest.approx(probability, abs=half)
    assert float(fields["probability"][0]) == pytest.approx(probability, abs=half + 0.0051)
    if person.sigma_cm is None:
        assert fields["sigma"] == ("none", "")
        return
    assert float(fields["sigma"][1]) == pytest.approx(person.sigma_cm[at], rel=0.0185)
    text, unit = fields["sigma"][0].split()
    assert unit == "cm" and float(text) == pytest.approx(person.sigma_cm[at], rel=0.07)


def gallery(page):
    """The two pictures, ready to be read."""
    page.locator(".pictures").scroll_into_view_if_needed()
    page.locator(".picture[data-ready]").nth(1).wait_for()
    return page.locator(".picture").all()


def random_pixels(count: int):
    rng = np.random.default_rng(5)
    return np.column_stack([rng.integers(0, side, count) for side in SHOWN]).tolist()


def test_the_pixel_under_the_pointer_is_read(opened):
    with opened() as page:
        for figure, people in zip(gallery(page), (PEOPLE, CERTAIN), strict=True):
            numbers = set()
            for row, column in [*random_pixels(60), (0, 0), (44, 59)]:
                page.mouse.move(*place(figure, row, column))
                assert_reads(read_fields(figure), people, row, column)
                numbers.add(source(people, row, column)[2])
            assert numbers == set(range(len(people) + 1))
            page.mouse.move(1, 1)
            assert {text for text, _ in read_fields(figure).values()} == {"–"}


def test_the_pixel_under_a_finger_is_read_and_stays(opened):
    with opened(has_touch=True, viewport={"width": 400, "height": 1800}) as page:
        figure = gallery(page)[0]
        for row, column in random_pixels(5):
            page.touchscreen.tap(*place(figure, row, column))
            assert_reads(read_fields(figure), PEOPLE, row, column)


def test_the_arrow_keys_move_the_pixel_and_it_is_spoken(opened):
    with opened() as page:
        figure = gallery(page)[0]
        page.locator("#layers input:checked").focus()
        page.keyboard.press("Tab")
        row, column = SHOWN[0] // 2, SHOWN[1] // 2
        assert_reads(read_fields(figure), PEOPLE, row, column)
        for key, down, right in (
            ("ArrowRight", 0, 1),
            ("ArrowUp", -1, 0),
            ("Shift+ArrowLeft", 0, -10),
            ("Shift+ArrowDown", 10, 0),
            ("Shift+ArrowDown", 10, 0),
            ("Shift+ArrowDown", 10, 0),
        ):
            page.keyboard.press(key)
            row, column = min(row + down, SHOWN[0] - 1), column + right
            fields = read_fields(figure)
            assert_reads(fields, PEOPLE, row, column)
            spoken = page.locator("#spoken").inner_text()
            assert f"part {fields['part'][0]}," in spoken
            assert f"pixel {fields['pixel'][0]}," in spoken
        page.keyboard.press("Tab")
        assert {text for text, _ in read_fields(figure).values()} == {"–"}
        assert read_fields(gallery(page)[1])["part"][0] != "–"


def painted(figure) -> np.ndarray:
    """(h, w, 4) what is painted over a picture."""
    values = figure.locator("canvas").evaluate(
        """shown => {
            const copy = new OffscreenCanvas(shown.width, shown.height);
            const context = copy.getContext("2d", { willReadFrequently: true });
            context.drawImage(shown, 0, 0);
            return [...context.getImageData(0, 0, copy.width, copy.height).data];
        }"""
    )
    return np.array(values).reshape(*SHOWN, 4)


def test_layers_are_painted_where_there_are_people(opened):
    part = np.zeros(SHOWN, int)
    for row in range(SHOWN[0]):
        for column in range(SHOWN[1]):
            _, _, _, person, at = source(PEOPLE, row, column)
            part[row, column] = 0 if person is None else person.part[at]
    with opened() as page:
        with_sigma, without = gallery(page)
        colours = painted(with_sigma)
        np.testing.assert_array_equal(colours[..., 3] > 0, part > 0)
        # The browser keeps colours multiplied by their opacity, which costs a step or two.
        np.testing.assert_allclose(colours[part > 0][:, :3], PART_COLOURS[part[part > 0]], atol=2)
        assert page.locator("#parts li").count() == 24
        for layer in ("u", "v", "sigma", "probability"):
            page.check(f"#layers input[value={layer}]")
            colours = painted(with_sigma)
            np.testing.assert_array_equal(colours[..., 3] > 0, part > 0)
            assert len(np.unique(colours[part > 0], axis=0)) > 10
            assert painted(without).any() == (layer != "sigma")
            assert page.locator("#scale .bar").is_visible()
        page.check("#layers input[value=image]")
        assert not painted(with_sigma).any()
        assert not page.locator("#scale").is_visible() and not page.locator("#parts").is_visible()


@pytest.mark.parametrize("width", [1300, 400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_the_window_in_light_and_dark(opened, tmp_path, width, scheme):
    with opened(color_scheme=scheme, viewport={"width": width, "height": 900}) as page:
        gallery(page)
        page.screenshot(path=tmp_path / f"{scheme}_{width}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        text = page.evaluate("getComputedStyle(document.body).color")
        brightness = [sum(map(int, c[4:-1].split(","))) / 3 for c in (ground, text)]
        assert (brightness[0] > 200 > 60 > brightness[1]) == (scheme == "light")
        assert (brightness[0] < 60 < 200 < brightness[1]) == (scheme == "dark")


def test_names_from_files_are_shown_as_they_are(opened):
    with opened() as page:
        assert page.locator("h1").inner_text() == EVIL and page.title() == EVIL
        assert EVIL in page.locator("figcaption").nth(1).inner_text()
        assert page.locator("script").count() == 2

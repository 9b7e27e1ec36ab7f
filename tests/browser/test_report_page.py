"""The report in a browser: hover, zoom, sorting, filtering, contrast, phones, and many children."""

import pytest
from _reported import FAILED, plant

from nas_env.files import write_json
from nas_env.report import write_comparison, write_report


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    def record(number):
        return {**FAILED, "error": "cannot be built"} if number % 9 == 8 else {}

    return plant(tmp_path_factory.mktemp("runs") / "first", 40, 40, record=record)


@pytest.fixture(scope="module")
def file(run):
    return write_report(run)


def place_of(page, chart, name, place):
    """The place in the window of a point of a series, by the chart's own specification."""
    return page.evaluate(
        """([id, name, place]) => {
            const chart = charts.find((each) => each.spec.id === id);
            const series = chart.spec.series.find((each) => each.name === name);
            const box = chart.plot.over.getBoundingClientRect();
            return [box.left + chart.plot.valToPos(series.x[place], "x"),
                    box.top + chart.plot.valToPos(series.y[place], "y")];
        }""",
        [chart, name, place],
    )


def test_hover_shows_the_child_and_its_architecture(opened, file, run):
    page = opened(file)
    place = 20
    page.mouse.move(*place_of(page, "over-children", "reinforce: each child", place))
    tip = page.locator("#tip")
    tip.wait_for(state="visible")
    good = [n for n, record in enumerate(run.episodes) if record["status"] == "ok"][place]
    assert f"reinforce, child {good + 1}" in tip.inner_text()
    value = run.episodes[good]["metrics"]["validation_accuracy"]
    assert f"{value:.2%}" in tip.inner_text()
    assert "layer 1: filter height" in tip.inner_text() or tip.locator("img").count() == 1


def test_a_drag_zooms_and_a_double_click_goes_back(opened, file):
    page = opened(file)
    ends = "(() => { const s = charts[0].plot.scales; return [s.x.min, s.x.max]; })()"
    before = page.evaluate(ends)
    box = page.locator("#over-children .u-over").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 80)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 82, steps=4)
    page.mouse.up()
    low, high = page.evaluate(ends)
    assert before[0] < low < high < before[1]
    page.mouse.dblclick(box["x"] + 50, box["y"] + 50)
    assert page.evaluate(ends) == before


def test_a_click_on_a_dot_finds_it_in_the_table(opened, file):
    page = opened(file)
    page.mouse.move(*place_of(page, "over-children", "reinforce: each child", 3))
    page.mouse.click(*place_of(page, "over-children", "reinforce: each child", 3))
    assert page.locator("#all tbody tr").count() == 1
    assert page.locator("#all tbody tr.found td").first.inner_text() == "4"


def test_the_table_sorts_filters_and_shows_more(opened, file, run):
    page = opened(file)
    assert page.locator("#all tbody tr").count() == 50
    page.get_by_role("button", name="Show more").click()
    assert page.locator("#all tbody tr").count() == 80
    page.locator("#all").get_by_role("button", name="validation accuracy").click()
    best = max(r["metrics"].get("validation_accuracy", 0) for r in run.episodes + run.control)
    assert page.locator("#all tbody tr").first.inner_text().count(f"{best:.2%}") == 1
    heading = page.locator("#all thead th", has_text="validation accuracy")
    assert heading.get_attribute("aria-sort") == "descending"
    page.get_by_label("failed only").check()
    assert page.locator("#count").inner_text() == "8 of 80 children"
    assert "cannot be built" in page.locator("#all tbody tr").first.inner_text()
    page.get_by_label("failed only").uncheck()
    page.locator("#which").select_option("random search")
    assert page.locator("#count").inner_text() == "40 of 80 children"


def test_the_top_ten_sort_and_their_drawings_open(opened, file):
    page = opened(file)
    page.locator("#top").get_by_role("button", name="parameters").click()
    column = page.locator("#top tbody tr td:nth-child(6)").all_inner_texts()
    numbers = [int(text.replace(",", "")) for text in column]
    assert numbers == sorted(numbers)
    page.get_by_role("button", name="Enlarge drawing 1", exact=True).first.click()
    assert page.locator("dialog img").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("dialog img").is_visible()


def test_the_heat_map_tells_the_share_of_a_window(opened, file):
    page = opened(file)
    cell = page.locator("#heat .cells").first
    cell.scroll_into_view_if_needed()
    box = cell.bounding_box()
    page.mouse.move(box["x"] + 3, box["y"] + 4)
    assert "children 1 to 10: " in page.locator("#tip").inner_text()


def test_a_name_of_the_legend_hides_its_line(opened, file):
    page = opened(file)
    button = page.locator("#legend-over-children button", has_text="best so far")
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    assert page.evaluate("charts[0].plot.series.at(-1).show") is False


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_is_hard_to_read_or_to_reach(opened, file, width, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = opened(file, width, scheme)
    for summary in page.locator("summary").all():
        summary.click()
    found = axe.Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_theme_changes_by_a_click(opened, file):
    page = opened(file)
    shades = """["theme", "main"].map((id) => {
        const style = getComputedStyle(document.getElementById(id));
        return style.color;
    }).concat(getComputedStyle(document.body).backgroundColor)"""
    before = page.evaluate(shades)
    page.get_by_role("button", name="Change between light and dark").click()
    after = page.evaluate(shades)
    assert all(one != other for one, other in zip(before, after, strict=True))
    assert after[0] == after[1]


def test_all_effects_are_a_click_away_and_a_print_has_no_buttons(opened, file):
    page = opened(file)
    last = page.locator("#effects tbody tr").last
    assert not last.is_visible()
    page.get_by_role("button", name="Show all").click()
    assert last.is_visible()
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible() and not page.locator("#more").is_visible()


def test_a_print_is_black_on_white_in_the_dark_too(opened, file):
    page = opened(file, scheme="dark")
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(paper)
    page.emulate_media(media="print")
    assert page.evaluate(paper) == "rgb(255, 255, 255)"
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("colour('ink')") == "#1f2733"  # of what is drawn
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(paper) == dark


def test_pointing_at_an_architecture_in_the_table_shows_it_whole(opened, file):
    page = opened(file)
    page.locator("#all td.architecture").nth(30).hover()
    assert "reinforce, child 31" in page.locator("#tip").inner_text()


def test_five_thousand_children_keep_the_page_small(opened, tmp_path):
    """Its time is measured elsewhere; what a browser has to lay out does not grow with them."""
    file = write_report(plant(tmp_path / "large", 5_000, 5_000))
    assert file.stat().st_size < 3 * 2**20
    page = opened(file)
    assert page.evaluate("document.querySelectorAll('*').length") < 4_000
    assert page.locator("#count").inner_text() == "10,000 of 10,000 children"
    page.get_by_label("Filter").fill("#4999")
    assert page.locator("#all tbody tr").count() == 2


def test_several_runs_are_compared(opened, run, tmp_path):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    other = plant(tmp_path / "other", 30, seed=1)
    page = opened(write_comparison([run, other], tmp_path / "both.html"))
    assert axe.Axe().run(page).response["violations"] == []
    assert page.locator(".plot canvas").count() == 2
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("table.runs").get_by_role("button", name="children").click()
    assert page.locator("table.runs tbody th").first.inner_text() == "other"


def test_a_final_training_is_easy_to_read_too(opened, tmp_path):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    view = plant(tmp_path / "run", 12)
    network = view.folder / "final" / "network"
    network.mkdir(parents=True)
    scores = {"mean": 0.9, "seeds": [], "interval_over_seeds": None, "interval_by_test_set": None}
    chosen = {"name": "child 3", "parameters": 1234}
    final = {"metric": "test_accuracy", "test_examples": 9, "chosen": chosen, **scores}
    write_json(view.folder / "final" / "final.json", {**final, "random_search": None, "beside": []})
    card = (
        "# A network\n\n## Use\n\n```python\nimport nas_env\n```\n\n### Scores\n\n|a|\n|---|\n|1|\n"
    )
    (network / "README.md").write_text(f"{card}\n[file](network.py)\n\n![Drawing](network.svg)\n")
    page = opened(write_report(view), 390, "dark")
    for summary in page.locator("summary").all():
        summary.click()
    page.locator("#all td.architecture").first.hover()
    found = axe.Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []

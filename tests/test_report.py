"""The report of a run: every kind of run has a good page, and what it was told stays text."""

import contextlib
import json
import os
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest
from _reported import FAILED, plant
from rich.console import Console

from nas_env import report
from nas_env.command_line import report as command
from nas_env.command_line import train
from nas_env.command_line.searching import _leave_report
from nas_env.files import write_json
from nas_env.report import REPORT, compare_page, run_page, write_report
from nas_env.report._about import _flat
from nas_env.run.folder import Run

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"


class Page(HTMLParser):
    """Parse a page: its tags with their attributes, and its text without scripts."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.texts, self._inside = [], [], ""
        self.feed(html)
        self.text = " ".join(" ".join(self.texts).split())

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag):
        self._inside = ""

    def handle_data(self, data):
        if self._inside not in ("script", "style"):
            self.texts.append(data)

    def all(self, tag):
        return [attributes for found, attributes in self.tags if found == tag]


def data_of(html):
    inside = html.split('<script type="application/json" id="data">')[1]
    return json.loads(inside.split("</script>")[0])


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of 60 children with a control, of which some failed."""

    def record(number):
        return {**FAILED, "error": "cannot be built"} if number % 10 == 9 else {}

    return plant(tmp_path_factory.mktemp("runs") / "first", 60, 60, record=record)


@pytest.fixture(scope="module")
def html(run):
    return run_page(run)


def test_the_page_asks_nothing_of_the_network(html):
    page = Page(html)
    addresses = [a[name] for _, a in page.tags for name in ("src", "href") if a.get(name)]
    assert addresses and all(address.startswith(("data:image/", "#")) for address in addresses)
    (policy,) = [meta for meta in page.all("meta") if "http-equiv" in meta]
    assert policy["content"].startswith("default-src 'none'; img-src data:;")


def test_every_picture_has_an_alternative_text(html):
    page = Page(html)
    pictures = [each for each in page.all("img") if "src" in each]
    assert len(pictures) == 11 and all("classifier" in each["alt"] for each in pictures)
    plots = [each for each in page.all("div") if each.get("class") == "plot"]
    assert len(plots) == 5 and all(len(each["aria-label"]) > 30 for each in plots)


def test_it_has_every_child_and_what_it_was(run, html):
    data = data_of(html)
    assert len(data["children"]["value"]) == 120
    assert data["children"]["status"].count("failed") == 12
    chart = next(each for each in data["charts"] if each["id"] == "over-children")
    dots = {each["role"]: each for each in chart["series"] if each["kind"] == "dots"}
    assert dots["agent"]["y"][0] == run.episodes[0]["metrics"]["validation_accuracy"]
    assert len(chart["rug"]) == 12 and dots["control"]["child"][0] == 60
    steps = next(each for each in chart["series"] if each["kind"] == "steps")
    assert steps["y"] == sorted(steps["y"]) and steps["y"][-1] == max(
        record["metrics"].get("validation_accuracy", 0) for record in run.episodes
    )


def test_the_page_says_what_a_person_wants_to_know(html):
    text = Page(html).text
    for expected in (
        "after as many children. One search and one control can differ by luck",
        "Why children failed",
        "cannot be built",
        "layer 4",
        "The effect of each option",
        "train them",
        "60 of 60 children; not finished",
        "nas-train --config",
        "make.task.name",
    ):
        assert expected in text, expected


def test_the_first_decision_has_the_strongest_effect(html):
    """The values of the children were made of it."""
    rows = html.split('<table id="effects">')[1]
    assert "layer 1 filter height" in rows.split("</tr>")[1]


def test_text_of_a_run_stays_text(tmp_path):
    error = {**FAILED, "error": EVIL}
    view = plant(tmp_path / 'a<b>&"c', 8, record=lambda n: error if n == 3 else {})
    folder = view.folder / "final" / "network"
    folder.mkdir(parents=True)
    (folder / "README.md").write_text(f"# Card\n\n{EVIL}\n\n[x](javascript:alert(3))\n")
    html = run_page(view)
    page = Page(html)
    assert "alert(1)" in page.text and "a<b>" in page.text
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert html.count("<script") == 3 and "javascript:alert" not in str(page.all("a"))
    assert data_of(html)["children"]["errors"] == ["", EVIL]
    assert "alert(1)" not in html.split("<script>")[-1]


def test_a_run_without_children_has_a_page(tmp_path):
    text = Page(run_page(plant(tmp_path / "run", 0))).text
    assert "No child has succeeded." in text and "0 of 1 children; not finished" in text


def test_a_run_of_failures_alone_has_a_page(tmp_path):
    failed = {**FAILED, "error": "no room", "seconds": None, "parts": {}}
    text = Page(run_page(plant(tmp_path / "run", 12, 5, record=lambda _: failed))).text
    assert "No child has succeeded." in text and "no room" in text
    assert "Nothing was trained, or no time is known" in text


def test_a_table_a_function_and_a_cell_have_pages(tmp_path):
    table = plant(
        tmp_path / "table",
        30,
        env="NAS-Bench-Digits-v0",
        record=lambda _: {"flops": None, "parts": {}, "seconds": None},
    )
    assert 'id="against-flops"' not in run_page(table)
    bits = plant(
        tmp_path / "bits",
        30,
        env="NK-24-4-v0",
        record=lambda n: {"metrics": {"fitness": n / 30}, "parameters": None, "flops": None},
    )
    assert "Nothing is known of the size" in run_page(bits)
    cell = plant(
        tmp_path / "cell",
        30,
        30,
        env="NAS-PyDocs-v0",
        record=lambda n: {"metrics": {"validation_perplexity": 900.0 - n}, "reward": 1 / (900 - n)},
    )
    text = Page(run_page(cell)).text
    assert "The best validation perplexity of reinforce is 871.00" in text
    assert "Perplexity and size" in text


def test_the_final_training_and_the_model_card_are_shown(tmp_path):
    view = plant(tmp_path / "run", 5)
    network = view.folder / "final" / "network"
    network.mkdir(parents=True)
    figures = {
        "mean": 0.987,
        "seeds": [{"seed": 0, "status": "ok"}, {"seed": 1, "status": "diverged"}],
        "interval_over_seeds": [0.98, 0.99],
        "interval_by_test_set": None,
        "parameters": 1234,
    }
    chosen = {"name": "child 3", "parameters": 1234}
    final = {"metric": "test_accuracy", "test_examples": 397, "chosen": chosen, **figures}
    write_json(view.folder / "final" / "final.json", {**final, "random_search": None, "beside": []})
    (network / "network.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    card = (
        "# Network\n\n![The architecture](network.svg)\n\n| a |\n|---|\n| 1 |\n\n[py](network.py)\n"
    )
    (network / "README.md").write_text(card)
    html = run_page(view)
    text = Page(html).text
    assert "98.70%" in text and "98.00% to 99.00%" in text and "Model card" in text
    assert "final/network/network.py" in html and "<h3>Network</h3>" in html
    drawn = [each for each in Page(html).all("img") if each.get("alt") == "The architecture"]
    assert drawn[0]["src"].startswith("data:image/svg+xml")


def test_a_file_that_is_damaged_is_left_out(tmp_path):
    view = plant(tmp_path / "run", 3)
    (view.folder / "final").mkdir()
    (view.folder / "final" / "final.json").write_text("{")
    (view.folder / "data.json").write_text("[]")
    assert "The final training" not in run_page(view)


def test_several_runs_are_compared(tmp_path, run):
    other = plant(tmp_path / "other", 40, seed=1)
    third = plant(tmp_path / "third", 20, seed=2, agent={"name": "random_search"})
    bits = plant(
        tmp_path / "bits", 9, env="NK-24-4-v0", record=lambda _: {"metrics": {"fitness": 1}}
    )
    html = compare_page([run, other, third, bits], tmp_path)
    text = Page(html).text
    assert "4 runs compared" in text and "NK-24-4-v0" in text and "after 20 children" in text
    charts = {chart["id"]: chart for chart in data_of(html)["charts"]}
    assert [line["role"] for line in charts["children-0"]["series"]] == ["p1", "p1", "p2"]
    assert "agent.name" in text


def test_the_command_writes_the_page_and_says_where(run, tmp_path, capsys):
    assert command.main([str(run.folder)]) == 0
    assert capsys.readouterr().out.strip() == str(run.folder / REPORT)
    other = plant(tmp_path / "other", 3)
    out = tmp_path / "both.html"
    assert command.main([str(run.folder), str(other.folder), "--out", str(out)]) == 0
    assert "2 runs compared" in out.read_text()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "a run is missing"),
        (["{run}", "{run}"], "is given twice"),
        (["{run}/nothing"], "holds no run"),
        (["{run}/.."], "did you mean nas-report"),
        (["{run}", "--out", "{run}/no/folder.html"], "there is no folder"),
        (["{run}", "--oit", "x"], "--out"),
    ],
)
def test_bad_input_gets_one_line(run, words, told, capsys):
    assert command.main([word.format(run=run.folder) for word in words]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and told in lines[0]


def test_a_report_that_fails_does_not_fail_the_search(tmp_path):
    view = plant(tmp_path / "run", 3, record=lambda _: {"architecture": {"space": "none"}})
    console = Console(record=True, width=200)
    run = Run.resume(view.folder)
    _leave_report(run, console)
    run.close()
    (line,) = console.export_text().strip().splitlines()
    assert line.startswith("report.html is not made: ") and "nas-report" in line
    assert not (view.folder / REPORT).exists()


def test_the_report_of_a_killed_write_is_whole_or_not_there(run):
    path = write_report(run)
    assert path.read_text().rstrip().endswith("</html>")
    assert not [each for each in run.folder.iterdir() if each.name.startswith(".report")]


def test_a_reward_that_orders_otherwise_than_the_metric_has_a_chart(tmp_path, html):
    assert "reward-over-children" not in html
    other = plant(tmp_path / "run", 20, record=lambda number: {"reward": number / 20})
    charts = {chart["id"]: chart for chart in data_of(run_page(other))["charts"]}
    assert charts["reward-over-children"]["y"]["title"] == "reward"
    dots = next(s for s in charts["reward-over-children"]["series"] if s["kind"] == "dots")
    assert dots["y"][-1] == 0.95


def test_a_search_ends_with_its_report(tmp_path, capsys):
    folder = tmp_path / "run"
    line = ["--env", "NAS-Bench-Digits-v0", "--children", "12", "--control", "random"]
    assert train.main([*line, "--run", str(folder)]) == 0
    assert f"{folder}: report.html, summary.json" in capsys.readouterr().out
    text = Page((folder / REPORT).read_text()).text
    assert "· finished" in text and "test accuracy" in text and "gymnasium" in text
    assert not (folder / "control" / REPORT).exists()


def test_the_facts_of_the_data_are_shown_as_text(tmp_path):
    view = plant(tmp_path / "run", 3)
    write_json(view.folder / "data.json", {"classes": ["cat", EVIL], "notes": ["a note"]})
    page = Page(run_page(view))
    assert "cat, </script><script>alert(1)" in page.text and "a note" in page.text


def test_an_agent_with_three_runs_has_its_mean(tmp_path):
    runs = [plant(tmp_path / str(seed), 30, seed=seed) for seed in range(3)]
    chart = data_of(compare_page(runs, tmp_path))["charts"][0]
    mean = next(each for each in chart["series"] if each["name"].endswith("mean of 3 runs"))
    values = [view.episodes[n]["reward"] for view in runs for n in range(30)]
    best = [max(values[30 * k : 30 * k + 30]) for k in range(3)]
    assert mean["x"][-1] == 30 and mean["y"][-1] == pytest.approx(sum(best) / 3, rel=1e-4)
    band = next(each for each in chart["series"] if each["kind"] == "band")
    assert band["low"][-1] < mean["y"][-1] < band["high"][-1]


def test_a_run_that_is_being_played_says_by_whom(tmp_path):
    view = plant(tmp_path / "run", 3)
    with contextlib.closing(Run.resume(view.folder)):
        assert f"3 of 3 children; played by process {os.getpid()}" in Page(run_page(view)).text


def test_the_library_of_the_charts_is_the_published_one(html):
    folder = Path(report.__file__).parent / "vendor"
    sums = [line.split() for line in (folder / "README.md").read_text().splitlines()]
    told = {words[1]: words[0] for words in sums if len(words) == 2 and len(words[0]) == 64}
    files = {path.name: path for path in folder.iterdir() if path.name != "README.md"}
    assert told == {n: sha256(path.read_bytes()).hexdigest() for n, path in files.items()}
    assert "Permission is hereby granted" in html  # as its licence wants


def test_no_password_is_in_the_settings():
    flat = dict(_flat({"store": "postgresql://ann:secret@db.example.org/search", "make": {"a": 1}}))
    assert "secret" not in flat["store"] and "db.example.org" in flat["store"]
    assert flat["make.a"] == "1"

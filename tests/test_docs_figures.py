"""Figures that the pages state are those that were measured and kept in benchmarks/results."""

import json
import re

import pytest

from tests._pages import NUMBER, PAGES, ROOT, numbers, prose, tables, text

RESULTS = ROOT / "benchmarks" / "results"
TABLE = "table_facts-NAS-Bench-Digits-v0"

#: Page, heading, the files that the tables under it are taken from.
MEASURED = [
    ("docs/controls.md", "On a table", ["controls_nas-bench-201"]),
    ("docs/controls.md", "On cells", ["controls_pydocs"]),
    ("docs/controls.md", "The larger space", ["controls_pydocs-larger"]),
    ("docs/digits.md", "Does the architecture matter more than the seed?", ["spread"]),
    (
        "docs/final.md",
        "What the recipe gives, and what the architecture",
        ["ablation_NAS-CIFAR10-v0", "ablation_NAS-Digits-v0"],
    ),
    ("docs/final.md", "What it gives at a laptop's size", ["transfer"]),
    ("docs/leaderboard.md", "What is measured", ["coverage"]),
    ("docs/final.md", "How much twelve networks tell", ["rank"]),
    ("docs/learning.md", "On the digits", ["learning"]),
    ("docs/learning.md", "On a hidden target", ["learning"]),
    ("docs/nas_bench_digits.md", "Properties of the table", [TABLE]),
    ("docs/performance.md", "The controller", ["controller"]),
    ("docs/performance.md", "The environment", ["environment"]),
    ("docs/performance.md", "A recurrent child", ["recurrent"]),
    ("docs/performance.md", "Children", ["throughput"]),
    ("docs/performance.md", "Where a child's time goes", ["profiles"]),
    ("docs/performance.md", "Speed costs no accuracy", ["parity_cifar10", "parity_digits"]),
    ("docs/performance.md", "A whole search", ["profiles"]),
    (
        "docs/training.md",
        "What the recipe of today is worth",
        ["recipes_NAS-CIFAR10-v0", "recipes_NAS-Digits-v0"],
    ),
    ("docs/final.md", "An architecture that no search found", ["published_networks"]),
    (
        "docs/training.md",
        "Beside the published curves",
        ["language_curves", "language_beginnings"],
    ),
    ("docs/store.md", "What it costs", ["store_file", "store_server"]),
    ("docs/workers.md", "Keeping them busy", ["staleness"]),
    ("docs/workers.md", "As they finish", ["order"]),
    ("docs/agents.md", "Late children", ["staleness"]),
    ("docs/scale.md", "The times of children", ["child_times"]),
    ("docs/scale.md", "Busy workers", ["scale"]),
    ("docs/scale.md", "Eight workers", ["scale"]),
    ("docs/scale.md", "What asynchrony costs", ["scale"]),
    ("docs/scale.md", "The time to a reward", ["scale"]),
    ("docs/scale.md", "The paper's scheme", ["scale"]),
    ("docs/scale.md", "Children that are repeated", ["scale"]),
    ("docs/scale.md", "What goes wrong", ["scale"]),
    ("docs/scale.md", "The longest first", ["scale"]),
    ("docs/agents.md", "What staleness costs", ["replicas_nk_24_4_v0"]),
]

#: Page, what it says (``#`` is a number), the files that the numbers are taken from.
SENTENCES = [
    ("docs/agents.md", r"is # ± # in the best reward, but # ± #", ["replicas_nas_bench_digits_v0"]),
    ("docs/agents.md", r"The mean is #, the largest #\. While", ["replicas_nk_24_4_v0"]),
    ("docs/controls.md", r"had #, # and # different", ["controls_pydocs"]),
    ("docs/controls.md", r"control.* with # and #, are ahead", ["controls_pydocs"]),
    ("docs/digits.md", r"# random architectures were trained with # evaluation seeds", ["spread"]),
    (
        "docs/final.md",
        r"accuracy from # to # in the search had one from # to # after .*? tau # .*? # to #\), one",
        ["rank_NAS-Digits-v0"],
    ),
    ("docs/final.md", r"in the end in #% of the cases \(by chance 50%\)", ["rank_NAS-Digits-v0"]),
    ("docs/final.md", r"all # cells is #, .* NAS-Bench-Digits, where it is # \(", ["rank"]),
    ("docs/leaderboard.md", r"in #% of the studies with 5 seeds, in #% with 20", ["coverage"]),
    (
        "docs/learning.md",
        r"exceeds the first by # ± #, and the mean of random search by # ± #:",
        ["learning"],
    ),
    ("docs/nas_bench_digits.md", r"\(#% of the variance\)", [TABLE]),
    ("docs/nas_bench_digits.md", r"Most of the # local optima", [TABLE]),
    ("docs/nas_bench_digits.md", r"\(rho #\)", [TABLE]),
    ("docs/nas_bench_digits.md", r"\(tau # with", [TABLE]),
    ("docs/performance.md", r"engine is # times as fast as the plain loop", ["recurrent"]),
    ("docs/performance.md", r"a user has it is # times as fast as the engine", ["recurrent"]),
    ("docs/performance.md", r"reach # \(float32\) and # GFLOP/s .* # and #\.", ["throughput"]),
    ("docs/performance.md", r"train # times as many", ["throughput_quick_float32"]),
    ("docs/performance.md", r"It is # EFLOP if half", ["throughput"]),
    ("docs/performance.md", r"untrained controller, and # EFLOP .* network, #\.", ["throughput"]),
    ("docs/search_space.md", r"Of the # cells of base 2, #", ["cell_functions"]),
    ("docs/search_space.md", r"As functions there are #:", ["cell_functions"]),
    ("docs/training.md", r"reaches .* of #, # and #, torch's own #, # and #\.", ["language"]),
    ("docs/training.md", r"The ratio is # ± # \(95%", ["language"]),
    (
        "docs/training.md",
        r"seeds give #, # and #, and torch gives #, # and #\.",
        ["language_matched"],
    ),
    ("docs/training.md", r"matched models is # ± #:", ["language_matched"]),
    ("docs/training.md", r"every seed \(# to # beside # to #\)", ["language"]),
    ("docs/training.md", r"Of # random cells of the manual", ["diverging"]),
    ("docs/training.md", r"# diverged, all in .* after # seconds .* others took #:", ["diverging"]),
    ("docs/training.md", r"of the cells and #% of the time", ["diverging"]),
]


def figures(name):
    return json.loads((RESULTS / f"{name}.json").read_text())["figures"]


def values(tree):
    """All numbers in a tree of JSON."""
    if isinstance(tree, bool) or tree is None:
        return
    if isinstance(tree, (int, float)):
        yield float(tree)
    elif isinstance(tree, str):
        yield from (float(n.replace(",", "")) for n in numbers(tree))
    else:
        for part in tree.values() if isinstance(tree, dict) else tree:
            yield from values(part)
        if isinstance(tree, dict):
            yield from values(list(tree))


def is_rounding(said, measured):
    """Whether a number as it is written is a measured one, or its percentage, to its digits."""
    plain = said.replace(",", "").replace("−", "-").strip("%")
    unit = 10.0 ** -len(plain.partition(".")[2])
    if unit == 1 and len(plain) > 3:  # zeros at its end may be of rounding
        unit = 10.0 ** (len(plain) - len(plain.rstrip("0")))
    return any(abs(float(plain) - scale * measured) <= 0.5001 * unit for scale in (1, 100))


def check(said, names):
    measured = [value for name in names for value in values(figures(name))]
    assert any(is_rounding(said, value) for value in measured), f"{said} is not in {names}"


@pytest.mark.parametrize("page, heading, names", MEASURED)
def test_tables_have_the_figures_that_were_kept(page, heading, names):
    """Every number of a cell that says one; the first column names what is measured."""
    found = [table for table in tables(page) if table.heading == heading]
    cells = [c for t in found for row in t.rows for c in row[1:] if not re.search(r"[a-z]{6}", c)]
    stated = [said for cell in cells for said in numbers(re.sub(r"`[^`]*`", "", cell))]
    assert len(stated) >= 4, f"{page} has no table of figures under {heading!r}"
    for said in stated:
        check(said, names)


@pytest.mark.parametrize("page, pattern, names", SENTENCES)
def test_sentences_have_the_figures_that_were_kept(page, pattern, names):
    found = re.search(pattern.replace("#", f"({NUMBER})"), prose(page))
    assert found, f"{page} does not say {pattern!r}"
    for said in found.groups():
        check(said, names)


def test_what_the_benchmarks_say_stands_on_their_pages():
    """Each mean with its interval; the pages are made by the report."""
    made = [text(page) for page in PAGES if re.match(r"docs/benchmarks/.+/", page)]
    stated = re.findall(r"[\d.]+ ± [\d.]+\d", prose("docs/benchmarks/index.md"))
    assert len(stated) > 10
    for interval in stated:
        assert any(interval in page for page in made), interval


def test_the_check_finds_a_wrong_figure():
    measured = [0.2649, 514.0, 3_820_437.0, -0.0078]
    for said in ("0.265", "26%", "514", "3,820,000", "−0.008"):
        assert any(is_rounding(said, value) for value in measured)
    for said in ("0.266", "27%", "515", "3,830,000", "0.008"):
        assert not any(is_rounding(said, value) for value in measured)

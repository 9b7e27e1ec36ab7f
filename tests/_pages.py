"""The pages of the documentation as tests read them: code, links, tables, sentences."""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
PAGES = ("README.md", "CONTRIBUTING.md", *sorted(f"docs/{p.name}" for p in ROOT.glob("docs/*.md")))
for folder in ("benchmarks", "tutorials"):
    PAGES += tuple(sorted(str(p.relative_to(ROOT)) for p in ROOT.glob(f"docs/{folder}/**/*.md")))
HEADING = re.compile(r"^#+ +(.+?) *$", re.M)
NUMBER = r"[−+-]?\d+(?:,\d{3})*(?:\.\d+)?(?:e-?\d+)?"
FENCE = re.compile(r"^```.*?^```", re.M | re.S)


@cache
def text(page):
    return (ROOT / page).read_text()


@cache
def prose(page):
    """The text without blocks of code, with single blanks between words."""
    return " ".join(FENCE.sub("", text(page)).split())


def blocks(page):
    """The blocks of code, lines that a backslash breaks joined."""
    found = FENCE.findall(text(page))
    return [re.sub(r"\\\n\s*", "", block.partition("\n")[2].rstrip("`")) for block in found]


def inline(page):
    """What stands between backticks."""
    return re.findall(r"`([^`]+)`", prose(page))


def links(page):
    """Where the links and the pictures of a page lead, those to other sites left out."""
    found = re.findall(r"\]\(([^()\s]+)\)", FENCE.sub("", text(page)))
    found += re.findall(r'<img src="([^"]+)"', text(page))
    return [link for link in found if not re.match(r"[a-z]+:", link)]


@cache
def anchors(page):
    """The anchors of a page's headings, as GitHub makes them."""
    found = set()
    for heading in HEADING.findall(FENCE.sub("", text(page))):
        plain = re.sub(r"[`*]|\]\([^)]*\)|\[", "", heading).lower()
        found.add(re.sub(r"[^\w\- ]", "", plain).replace(" ", "-"))
    return found


class Table(NamedTuple):
    """A table of a page.

    Attributes:
        heading: The heading that it stands under.
        header: The cells of its first line.
        rows: The cells of the others.
    """

    heading: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]

    def column(self, name):
        """The cells of a column, by the first cell of their row."""
        return {row[0]: row[self.header.index(name)] for row in self.rows}


@cache
def tables(page):
    """The tables of a page, in order."""
    found, heading, lines = [], "", [*FENCE.sub("", text(page)).splitlines(), ""]
    header, rows = (), []
    for line in lines:
        if line.startswith("#"):
            heading = line.strip("# ")
        if line.startswith("|"):
            cells = tuple(cell.strip() for cell in line.strip("|").split("|"))
            if not header:
                header = cells
            elif set(line) - set("|-: "):
                rows.append(cells)
        elif header:
            found.append(Table(heading, header, rows))
            header, rows = (), []
    return found


def table(page, heading, *columns):
    """The table under a heading whose header has these columns."""
    fitting = [t for t in tables(page) if t.heading == heading and {*columns} <= {*t.header}]
    assert len(fitting) == 1, f"{page} has {len(fitting)} tables of {columns} under {heading!r}"
    return fitting[0]


def number(cell):
    """The number that a cell, or a piece of a sentence, says: ``1,500``, ``7%``, ``2.1e9``."""
    plain = cell.replace(",", "").replace("−", "-").strip(" `%+")
    return float(plain)


def numbers(cell):
    """All numbers of a cell, as they are written."""
    return re.findall(rf"(?<![\w.,]){NUMBER}", cell)


def says(page, pattern):
    """The groups of a pattern in a page's sentences, as numbers; ``#`` in it is a number.

    Raises:
        AssertionError: If no sentence of the page is so.
    """
    found = re.search(pattern.replace("#", f"({NUMBER})"), prose(page))
    assert found, f"{page} does not say {pattern!r}"
    values = [number(value) for value in found.groups()]
    return values[0] if len(values) == 1 else values

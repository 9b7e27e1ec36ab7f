"""Docstrings and help texts begin in plain English, and one word has one meaning."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("search_spaces", "nas_env", "agents", "benchmarks", "examples")
MODULES = sorted(file for name in PACKAGES for file in (ROOT / name).rglob("*.py"))
MODULES.append(ROOT / "train_agent.py")
#: The changelog may name what a word was before.
PAGES = sorted({*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")} - {ROOT / "CHANGELOG.md"})

SECTIONS = ("Args", "Attributes", "Returns", "Yields", "Raises")
ENTRY = re.compile(r" {4}\*{0,2}([\w.~:`]+): +(.+)")

#: How a summary may not begin, and what it should begin with. The same holds for the line of an
#: argument or an attribute, which is read without its surroundings: it is a line of ``--help``.
FRAGMENTS = {
    "Of": 'name the thing: "The seed of the agent", not "Of the agent"',
    "By": 'begin with a verb or the thing: "Order by …", "The key by which …"',
    "With": 'name the thing that has it: "A network with …"',
    "From": 'begin with a verb or the thing: "Read … from", "A function from … to …"',
    "On": 'name the thing that is on it: "The tensors on …"',
    "As": 'begin with a verb or the thing: "Return … as"',
    "Its": 'say whose: "The id of the environment"',
    "Their": 'say whose: "The ids of the environments"',
    "Whose": 'name the thing: "The agent whose …"',
    "Which": 'name the thing: "The index of the one that …"',
    "Those": 'name the thing: "The children that …"',
    "Them": "name the thing",
    "Likewise": "say it again: the line is read by itself",
    "The same": "say what it is: the line is read by itself",
    "Go on": 'name the step: "Continue …", "Resume …"',
    "Naming": 'say when it is raised: "If …; the message names …"',
    "Saying": 'say when it is raised: "If …; the message says …"',
}
#: These begin a clause. In a summary a verb goes before it; in an entry ``Whether`` is usual.
CLAUSES = {
    "Whether": 'a verb goes before it: "Return whether …"',
    "What": 'name the thing: "The figures that …", or put a verb before it',
    "How": 'name the thing or put a verb before it: "The number of …", "Say how …"',
    "Who": 'name the thing: "The process that …"',
    "Where": 'name the thing: "The place where …", "The path of …"',
    "When": 'name the thing: "The time at which …"',
    "In": 'begin with a verb or the thing: "Run … in", "The jobs in …"',
    "For": 'begin with a verb or the thing: "Keep … for"',
    "That": "name the thing, or begin with a verb",
}
#: Words that once had a second meaning, with the word to use.
WORDS = {
    r"\bdoors?\b": "command line, interface or vector environment",
}


class Text(NamedTuple):
    """A piece of documentation and the place where it stands."""

    file: Path
    line: int
    text: str
    entry: bool  # of an argument, an attribute or an option


def texts_of(file: Path) -> Iterator[Text]:
    """Yield each docstring's summary, each entry of its sections, and each ``help=``."""
    for node in ast.walk(ast.parse(file.read_text())):
        match node:
            case ast.Module() | ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                if documented := ast.get_docstring(node):
                    yield from _parts(file, node.body[0].lineno, documented)
            case ast.keyword(arg="help", value=ast.Constant(value=str(text))):
                yield Text(file, node.value.lineno, text[:1].upper() + text[1:], entry=True)


def _parts(file: Path, first: int, documented: str) -> Iterator[Text]:
    section = ""
    for number, line in enumerate(documented.splitlines()):
        if number == 0:
            yield Text(file, first, line, entry=False)
        elif line.rstrip(":") in SECTIONS:
            section = line.rstrip(":")
        elif line and not line.startswith(" "):
            section = ""
        elif section and (entry := ENTRY.fullmatch(line)):
            yield Text(file, first + number, entry[2], entry=True)
        elif section in ("Returns", "Yields"):  # a text without a name, which may go on
            yield Text(file, first + number, line.strip(), entry=True)
            section = ""


def complaints(text: Text) -> Iterator[str]:
    """Yield a line for each way in which a text begins wrongly."""
    rules = FRAGMENTS if text.entry else FRAGMENTS | CLAUSES
    for beginning, advice in rules.items():
        if re.match(rf"{beginning}\b", text.text):
            where = f"{text.file.relative_to(ROOT)}:{text.line}"
            yield f"{where}: {text.text!r} begins with {beginning!r}: {advice}"


def test_docstrings_and_help_texts_begin_in_plain_english():
    found = [line for file in MODULES for text in texts_of(file) for line in complaints(text)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("pattern", WORDS)
def test_one_word_has_one_meaning(pattern):
    found = [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()!r}: say {WORDS[pattern]}"
        for file in [*MODULES, *PAGES, *sorted((ROOT / "tests").glob("*.py"))]
        if file != Path(__file__)
        for number, line in enumerate(file.read_text().splitlines(), start=1)
        if re.search(pattern, line, re.IGNORECASE)
    ]
    assert not found, "\n".join(found)


def test_the_rules_find_what_they_are_for():
    text = Text(ROOT / "train_agent.py", 1, "Of the agent and its sampling.", entry=True)
    assert [line.partition(":")[0] for line in complaints(text)] == ["train_agent.py"]
    assert not list(complaints(text._replace(text="Seed of the agent and its sampling.")))
    assert not list(complaints(text._replace(text="Whether repeats are avoided.")))
    assert list(complaints(text._replace(text="Whether it is open.", entry=False)))

"""Plays a tutorial as its reader would: files are written, Python and commands are run in order."""

import os
import re
import shlex
import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from tests._fresh import ROOT, run
from tests._killing import forked

BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```$", re.M | re.S)
FILE = re.compile(r"# (\w+\.py)\n")
PROGRAMS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
#: Words of commands that make a test shorter than what a reader does.
SHORTER = {
    r"--children \d+": "--children 3 --workers 0 --quiet",
    r"(?<=--task.path pictures)": " --recipe.epochs 1",
    r"(?<=--task.path manual.txt)": " --recipe.epochs 1 --task.train-size 3000",
    r"^(nas-retrain .*)": r"\1 --workers 0 --quiet",
    r"--recipe short": "--recipe short --recipe.epochs 1",
    r"--recipe.epochs \d+": "--recipe.epochs 1",
    r"--episodes \d+": "--episodes 8 --workers 1",
}


class Step(NamedTuple):
    """A step of a reader.

    Attributes:
        kind: ``file``, ``python`` or ``sh``.
        text: What is written or run.
    """

    kind: str
    text: str


def steps(page: Path) -> Iterator[Step]:
    """Yield the steps of a page."""
    for language, text in BLOCK.findall(page.read_text()):
        yield Step("file" if _name(text) else language, text)


def _name(text: str) -> str:
    """Return the file that a block names in its first line; empty if it names none."""
    found = FILE.match(text)
    return found[1] if found else ""


def play(page: Path, folder: Path) -> str:
    """Play a page in a folder; return what is printed. Its Python is that of one session."""
    program = "from tests._tutorials import command, write\n"
    for kind, text in steps(page):
        if kind == "file":
            program += f"write({_name(text)!r}, {text!r})\n"
        elif kind == "python":
            program += text
        else:
            program += "".join(f"command({words!r})\n" for words in _commands(text))
    return run(folder, "-c", program)


def _commands(text: str) -> Iterator[list[str]]:
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        for longer, shorter in SHORTER.items():
            line = re.sub(longer, shorter, line)
        yield shlex.split(line)


def write(name: str, text: str) -> None:
    """Write a file of the reader's, in the present folder."""
    Path(name).write_text(text)


def command(words: list[str]) -> None:
    """Run a program of the package in a fork of this process."""
    sys.stdout.flush()
    process = forked(lambda: _run(words))
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0, " ".join(words)


def _run(words: list[str]) -> int:
    module, _, function = PROGRAMS[words[0]].partition(":")
    sys.argv = words
    return getattr(import_module(module), function)()

"""Runs Python as a new interpreter would, without its seconds of importing torch and the like."""

import os
import runpy
import sys
import tempfile
from pathlib import Path

import gymnasium

from tests._killing import forked

ROOT = Path(__file__).parent.parent
OURS = {"agents", "benchmarks", "examples", "nas_env", "search_spaces", "train_agent"}
OURS |= {"elsewhere"}  # the tests' package outside, whose classes derive from ours


def run(folder: Path, *arguments: str, home: Path = ROOT, status: int = 0) -> str:
    """Run a module (``-m name …``) or a text (``-c text …``) in a folder; return what it prints.

    It runs in a fork of this process that has forgotten all of this project: its modules are
    imported, and its environments registered, by the code that runs or not at all.

    Args:
        folder: Folder to run in.
        *arguments: What to run, and its arguments.
        home: Folder that this project is imported from.
        status: Exit status that is expected.
    """
    with tempfile.TemporaryFile("w+") as output:
        process = forked(lambda: _run(folder, home, output.fileno(), *arguments))
        ended = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        output.seek(0)
        printed = output.read()
    assert ended == status, printed
    return printed


def _run(folder: Path, home: Path, output: int, way: str, what: str, *rest: str) -> None:
    for descriptor in (1, 2):
        os.dup2(output, descriptor)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", closefd=False) for number in (1, 2))
    os.chdir(folder)
    sys.path[:] = [str(folder), str(home), *(path for path in sys.path if path != str(ROOT))]
    for name in [name for name in sys.modules if name.partition(".")[0] in OURS]:
        del sys.modules[name]
    for name, spec in list(gymnasium.registry.items()):
        if str(spec.entry_point).partition(".")[0] in OURS:
            del gymnasium.registry[name]
    sys.argv = [what, *rest]
    if way == "-m":
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        exec(what, {"__name__": "__main__"})

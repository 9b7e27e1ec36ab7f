"""The tab key: completes the installed commands in bash, zsh and fish.

nas-train --print-completion bash
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from search_spaces import _catalogue

HOME = "nas_env.command_line"

#: The module that has the ``Options`` of a command, where its own has none. A module of the folder
#: above that has ``PROGRAM`` and ``Options`` is a command whose options these are.
ELSEWHERE: Mapping[str, str] = {
    "nas-retrain": "nas_env.command_line.retraining",
    "nas-rank": "nas_env.command_line.ranking",
    "nas-controls": "nas_env.controls.__main__",
}
#: Those that have commands of their own: the module of each, or the class of its options in it.
WITH_COMMANDS: Mapping[str, Mapping[str, str]] = {
    "nas-store": {
        "copy": "nas_env.command_line._copying",
        "recover": "nas_env.command_line._recovering",
    },
    "nas-benchmark": {
        name: f"nas_env.benchmark.{name}"
        for name in ("export", "report", "run", "table", "tune", "validate")
    },
}


def completion(shell: str) -> str:
    """Return the script that completes all installed commands in a shell."""
    from nas_env.command_line._completion import _complete, _scripts

    known = programs()
    text = json.dumps(known, separators=(",", ":"))
    source = Path(_complete.__file__).read_text()
    program = f"import json, sys\n{source}\nmain(json.loads({text!r}), sys.argv[1:])"
    return _scripts.script(shell, program, [*known])


def programs() -> dict[str, Any]:
    """Return what the tab key needs of each installed command."""
    from nas_env.command_line._completion._search import search_program

    found = {"nas-train": search_program()}
    found |= {name: _program(module) for name, module in {**ELSEWHERE, **_here()}.items()}
    for name, commands in WITH_COMMANDS.items():
        inner = {command: _program(module) for command, module in commands.items()}
        found[name] = {"commands": inner, "options": {}}
    return found


def _here() -> dict[str, str]:
    """Return the modules of this folder's commands that have their options."""
    found = {}
    for name in _catalogue.names(HOME):
        module = f"{HOME}.{name}"
        about = vars(importlib.import_module(module))
        program = about.get("PROGRAM", "")
        if "Options" in about and program.startswith("nas-") and program not in WITH_COMMANDS:
            found[program] = module
    return found


def _program(reference: str) -> dict[str, Any]:
    """Return what the tab key needs of a command, by its options: a module, or a class in one."""
    from nas_env.command_line._completion._options import HELP, first_words, options_of

    module, _, name = reference.partition(":")
    options = vars(importlib.import_module(module))[name or "Options"]
    return {"options": {**options_of(options), **HELP}, "first": first_words(options)}

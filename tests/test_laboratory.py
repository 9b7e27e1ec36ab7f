"""The programs that measure this project: one way to read their options."""

import subprocess
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Annotated, Literal

import pytest

from nas_env.command_line.flat_options import POSITIONAL, parse
from nas_env.command_line.program import command
from nas_env.errors import InvalidValue
from search_spaces import _catalogue
from tests._pages import ROOT

PROGRAMS = _catalogue.names("benchmarks")
#: They run on a bare machine with a GPU, where torch, numpy and scipy are.
BARE = ("fidelity", "gpu_check", "language", "throughput")
MISSING = ("gymnasium", "matplotlib", "rich", "sklearn", "stable_baselines3", "tyro", "wandb")


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_has_a_help_and_refuses_what_it_does_not_know(program, capsys):
    main = import_module(f"benchmarks.{program}").main
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    assert f"usage: python -m benchmarks.{program}" in capsys.readouterr().out
    assert main(["--nothing"]) == 2
    assert capsys.readouterr().err.startswith(f"{program}: unknown option --nothing: ")


@pytest.mark.parametrize("program", BARE)
def test_what_runs_on_a_bare_machine_needs_torch_numpy_and_scipy_alone(program):
    lines = [f"sys.modules.update(dict.fromkeys({MISSING}))", f"import benchmarks.{program}"]
    text = "; ".join(["import sys", *lines])
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")


@dataclass(frozen=True)
class Options:
    """Try every type.

    Attributes:
        file: A file, 100% sure.
        count: A number.
        rate: Another.
        kind: A choice.
        marks: Many numbers.
        name: A text.
        quiet: A switch.
    """

    file: Annotated[Path, POSITIONAL]
    count: int
    rate: float = 0.5
    kind: Literal["one", "two"] = "one"
    marks: tuple[int, ...] = (1, 2)
    name: str | None = None
    quiet: bool = False


def test_options_of_every_type():
    assert parse(Options, ["a.json", "--count", "-3"], "x") == Options(Path("a.json"), -3)
    words = "--rate 2 --kind two --marks 5 --name n --quiet --count=1 b"
    assert parse(Options, words.split(), "x") == Options(
        Path("b"), 1, 2.0, "two", (5,), "n", quiet=True
    )
    assert parse(Options, ["b", "--count", "1", "--marks"], "x").marks == ()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("a", "--count is missing"),
        ("--count 1", "the following arguments are required: FILE"),
        ("a --count x", "--count: invalid int value: 'x'"),
        ("a --count 1 --kind three", "--kind: invalid choice: 'three'"),
        ("a --coun 1", "unknown option --coun: did you mean --count?"),
        ("a --count 1 --rat 2", "unknown option --rat: did you mean --rate?"),
        ("a --count 1 b", "unexpected 'b'"),
        ("a --count 1 --name=", "--name is '', expected a value"),
        ("a --count", "--count: expected one argument"),
    ],
)
def test_a_wrong_option_gets_one_line(words, says, capsys):
    with pytest.raises(InvalidValue) as error:
        parse(Options, words.split(), "x")
    assert says in str(error.value)
    assert command("python -m benchmarks.x", Options, print)(words.split()) == 2
    assert capsys.readouterr().err == f"x: {error.value}\n"


def test_the_help_has_every_field_and_default(capsys):
    with pytest.raises(SystemExit):
        parse(Options, ["--help"], "x")
    shown = " ".join(capsys.readouterr().out.split())
    for text in ("Try every type.", "FILE", "100% sure", "(default: 1 2)", "{one,two}"):
        assert text in shown

"""The tab key, asked of a real shell; and that each installed command is completed."""

import shutil
import subprocess
import tomllib

import pytest

from nas_env.command_line._completion import completion, programs
from nas_env.command_line._completion._complete import FILES, fitting
from nas_env.command_line._tab import SHELLS
from nas_env.command_line.store import main as store
from nas_env.command_line.train import main as train
from tests._pages import ROOT

ASK = {
    "bash": """
        COMP_WORDS=({words}) COMP_CWORD={last}
        _nas_env_complete
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """,
    "fish": "complete -C '{line}' | string split -f 1 \\t",
}


@pytest.fixture(scope="module")
def known():
    """What the tab key needs of each command."""
    return programs()


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    """The file of each shell's script."""
    folder = tmp_path_factory.mktemp("completion")
    for shell in SHELLS:
        (folder / shell).write_text(completion(shell))
    return folder


def completed(known, line):
    return [*fitting(known, line.split(" "))]


def test_every_installed_command_is_completed(known):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert set(known) == set(project["scripts"])


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("nas-train --agent pri", ["priority_queue"]),
        ("nas-train --env NAS-Dig", ["NAS-Digits-v0"]),
        ("nas-train --env=NAS-Dig", ["NAS-Digits-v0"]),
        ("nas-train --env NAS-PTB-v0 --recipe za", ["zaremba_medium"]),
        ("nas-train --agent evolution --agent.pop", ["--agent.population-size"]),
        ("nas-train --agent.pop", []),  # reinforce has none
        ("nas-train --agent reinforce --agent.preset pa", ["paper"]),
        ("nas-train --track tensorboard wan", ["wandb"]),
        ("nas-train --children 5 ", []),
        ("nas-train --work", ["--workers"]),
        ("nas-train --evaluator ray --evaluator.retr", ["--evaluator.retries"]),
        ("nas-train --depth.f", ["--depth.first"]),
        ("/usr/bin/nas-watch --on", ["--once"]),
        ("nas-report --o", ["--out"]),
        ("nas-benchmark va", ["validate"]),
        ("nas-benchmark run --agents ppo evo", ["evolution"]),
        ("nas-store co", ["copy"]),
        ("nas-store re", ["recover"]),
        ("ls --", []),
    ],
)
def test_what_fits_is_offered(known, line, expected):
    assert completed(known, line) == expected


@pytest.mark.parametrize("line", ["nas-watch ru", "nas-train --config s", "nas-show x"])
def test_names_of_files_are_the_shells_to_complete(known, line):
    assert fitting(known, line.split(" ")) == FILES


def test_an_option_has_its_meaning(known):
    (told,) = fitting(known, ["nas-train", "--see"]).values()
    assert told == "Seed of the agent and its sampling"


@pytest.mark.parametrize("shell", [*ASK])
def test_a_shell_completes(scripts, shell):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    for line, expected in (
        ("nas-train --agent pri", ["priority_queue"]),
        ("nas-train --agent evolution --agent.pop", ["--agent.population-size"]),
        ("nas-list tests/test_comple", ["tests/test_completion.py"]),
    ):
        words = line.split(" ")
        ask = ASK[shell].format(words=line, last=len(words) - 1, line=line)
        text = f"source {scripts / shell}\n{ask}"
        done = subprocess.run([shell, "-c", text], capture_output=True, text=True, cwd=ROOT)
        assert (done.stdout.splitlines(), done.stderr) == (expected, "")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_is_printed(shell, capsys):
    with pytest.raises(SystemExit) as ended:
        store(["--print-completion", shell])
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    assert printed == completion(shell)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--print-completion", "fsh"], "unknown shell 'fsh': did you mean 'fish' or 'zsh'?"),
        (["--print-completion"], "--print-completion needs a shell: bash, zsh, fish"),
    ],
)
def test_a_wrong_shell_is_one_line(words, line, capsys):
    assert train(words) == 2
    assert capsys.readouterr().err == f"train_agent.py: {line}\n"

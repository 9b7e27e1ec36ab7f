"""``python -m nas_env``: what can be named, with a line each."""

import json

import pytest

import nas_env
from agents import agent_names
from nas_env.command_line.catalogues import LISTS, main


def test_every_name_has_its_line(capsys):
    assert main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if not line.startswith("  ")] == [f"{name}:" for name in LISTS]
    for name in (*nas_env.environment_ids(), *agent_names()):
        (line,) = [line for line in lines if line.split()[0] == name]
        assert len(line.split()) > 2, f"{line!r} says nothing"


def test_a_list_by_its_name_goes_to_json(capsys):
    assert main(["objectives", "trackers", "--json"]) == 0
    lists = json.loads(capsys.readouterr().out)
    assert [*lists] == ["objectives", "trackers"]
    assert lists["objectives"]["metric_itself"] == "The task's metric as the reward"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["agent"], "unknown list 'agent': did you mean 'agents'?"),
        (["--jsn"], "unknown option --jsn: did you mean --json?"),
    ],
)
def test_a_wrong_word_is_refused_in_one_line(words, line, capsys):
    assert main(words) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.removeprefix("python -m nas_env: ").rstrip() == line

"""Settings, limits and sizes that the pages state are those of the code."""

import re
from dataclasses import fields

import pytest

from agents import make_config
from agents._controller.controller import SPREAD, UNITS
from agents._controller.trained import LARGEST_ADAM_STEP
from agents._repeats import ADMIXTURE, ROUNDS
from nas_env.command_line.arguments import Main
from nas_env.command_line.ranking import Options as RankOptions
from nas_env.command_line.retraining import Options
from nas_env.evaluation.workers import WorkerSettings
from nas_env.objectives.inverse_square import InverseSquare
from nas_env.run import owners
from nas_env.search import checkpoint, loop
from nas_env.tasks._base import LAST_EPOCHS, TrainingTask
from nas_env.tasks.cifar10 import CIFAR10
from nas_env.tasks.digits import Digits
from nas_env.tasks.fashion_mnist import FashionMNIST
from nas_env.tasks.penn_treebank import PennTreebank
from nas_env.tasks.penn_treebank_characters import PennTreebankCharacters
from nas_env.tasks.python_docs import VOCABULARY, PythonDocs
from nas_env.training.image_recipe import ImageRecipe
from search_spaces import _architecture
from tests._pages import PAGES, number, prose, says, table, tables


# -- tables of settings --------------------------------------------------------------------------
def config(name, preset="default"):
    return make_config({"name": name, "preset": preset})[1]


def configs(name, *presets):
    return {f"`{preset}`": config(name, preset) for preset in presets}


LANGUAGE = {
    "default (`zaremba_medium`)": PennTreebank.recipes["zaremba_medium"],
    "`short` of PTB": PennTreebank.recipes["short"],
    "of its characters": PennTreebankCharacters.recipes["short"],
    "of the manual": PythonDocs.recipes["short"],
}
IMAGES = {
    "default (`paper`)": ImageRecipe(),
    "`laptop` of CIFAR-10": CIFAR10.recipes["laptop"],
    "`short` of CIFAR-10": CIFAR10.recipes["short"],
    "`short` of the digits": Digits.recipes["short"],
    "`modern` of CIFAR-10": CIFAR10.recipes["modern"],
    "`airbench` of CIFAR-10": CIFAR10.recipes["airbench"],
    "`record` of CIFAR-10": CIFAR10.recipes["record"],
}
OPEN = {f"{name} preset": value for name, value in configs("reinforce", "paper", "default").items()}
SETTINGS = [
    ("agents.md", "What the paper leaves open or does not have", OPEN),
    ("agents.md", "Presets and settings", configs("reinforce", "paper", "default")),
    ("agents.md", "replicas", configs("replicas", "default", "paper", "paper_recurrent")),
    ("agents.md", "controller_ppo", configs("controller_ppo", "default")),
    ("agents.md", "reinforce_tabular", configs("reinforce_tabular", "default")),
    ("agents.md", "priority_queue", configs("priority_queue", "default", "tuned", "controller")),
    (
        "agents.md",
        "evolution",
        configs("evolution", "default", "tuned", "authors", "nas_bench_201"),
    ),
    ("agents.md", "local_search", configs("local_search", "default")),
    ("training.md", "Recipes", IMAGES),
    ("training.md", "Language tasks", LANGUAGE),
]


@pytest.mark.parametrize("page, heading, columns", SETTINGS, ids=lambda value: str(value)[:30])
def test_tables_of_settings(page, heading, columns):
    """Each cell has the values of the settings in its row's first cell, in their order."""
    found = table(f"docs/{page}", heading, *columns)
    checked = 0
    for row in found.rows:
        names, before = re.findall(r"`(\w+)`", row[0].partition(":")[0]), []
        for column, settings in columns.items():
            said = values_of(row[found.header.index(column)])
            said = before if said == ["the same"] else said
            for name, value in zip(names, said, strict=False):
                if value != "plain":  # the gradient of a table is followed by no optimiser
                    assert agrees(value, getattr(settings, name)), (row[0], column, name, value)
                    checked += 1
            before = said
    assert checked >= len(columns)


def values_of(cell):
    """The values of a cell, without what is said of them."""
    plain = re.sub(r" \(.*?\)|:.*", "", cell)
    return [value.strip('`" ') for value in plain.split(", ") if value]


def agrees(said, value):
    """Whether a page's word for a value stands for it."""
    if isinstance(value, bool):
        return said == ("yes" if value else "no")
    if value is None or said == "no":
        return said in ("all", "none", "no")
    if isinstance(value, (int, float)):
        over, _, under = said.partition("/")
        return number(over) / number(under or "1") == pytest.approx(value)
    return said.lower() == value


@pytest.mark.parametrize("page", PAGES)
def test_defaults_of_command_line_options(page):
    """Those that are a word between backticks or a number; others are described."""
    known = {
        f"--{f.name.replace('_', '-')}": f.default for f in [*fields(Main), *fields(WorkerSettings)]
    }
    known["--agent.preset"] = "default"
    if page == "docs/final.md":
        known |= {f"--{f.name}": f.default for f in [*fields(Options), *fields(RankOptions)]}
    for found in tables(page):
        if {"option", "default"} <= {*found.header}:
            for option, cell in found.column("default").items():
                said = re.fullmatch(r"`(\S+)`.*|([\d.]+)", cell)
                if said and option.strip("`") in known:
                    assert str(known[option.strip("`")]) == (said[1] or said[2]), (page, option)


# -- tasks ---------------------------------------------------------------------------------------
def test_splits_and_images_of_tasks():
    images = {"digits": Digits(), "cifar10": CIFAR10(), "fashion_mnist": FashionMNIST()}
    tests = {"digits": 397, "cifar10": 10_000, "fashion_mnist": 10_000}
    found = table("docs/training.md", "Tasks", "task", "images")
    for name, kind, split, _ in found.rows:
        task = images.pop(name.strip("`"))
        channels, height, width = task.input_shape
        grey = "grey" if channels == 1 else "colour"
        assert kind == f"{height}x{width}, {grey}, {task.outputs} classes"
        sizes = [number(size) for size in split.split("/")]
        train = task.available - task.validation_size
        assert sizes == [train, task.validation_size, tests[task.name]]
    assert not images


@pytest.mark.parametrize("task", [PennTreebank, PennTreebankCharacters])
def test_symbols_of_texts(task):
    found = table("docs/training.md", "Language tasks", "symbols", "training / validation / test")
    said = found.column("training / validation / test")[f"`{task().name}`"]
    assert [number(count) for count in said.split("/")] == list(task.counts.values())


def test_limits_and_rewards():
    defaults = {f.name: f.default for f in fields(TrainingTask)}
    assert (
        says("docs/training.md", r"`max_parameters` \(# million\)") * 1e6
        == defaults["max_parameters"]
    )
    assert says("docs/training.md", r"`max_flops` \(# GFLOP") * 1e9 == defaults["max_flops"]
    assert says("docs/training.md", r"accuracy of the last # epochs, cubed") == LAST_EPOCHS
    assert says("docs/training.md", r"with c = # \(") == InverseSquare.scale
    assert says("docs/training.md", r"words, # different \|") == PennTreebank.outputs
    assert says("docs/training.md", r"characters, # different") == PennTreebankCharacters.outputs
    assert says("docs/training.md", r"with the # commonest words") == VOCABULARY - 2
    assert says("docs/search_space.md", r"too deeply.*?#(?:\d*) bytes") == _architecture.TEXT_LIMIT
    assert says("docs/runs.md", r"heartbeat every # seconds") == owners.HEARTBEAT
    assert owners.DEAD_AFTER == 60 and "silent for a minute" in prose("docs/runs.md")
    assert checkpoint.KEPT == 3 and "the last three checkpoints" in prose("docs/runs.md")
    assert loop.CHECKPOINT_EVERY == 1 and "at most one a second" in prose("docs/runs.md")


# -- agents --------------------------------------------------------------------------------------
def test_numbers_of_agents():
    page, tuned = "docs/agents.md", config("reinforce", "tuned")
    assert says(page, r"`tuned`: SGD #, m = #, decay #, entropy #, `max_advantage` #") == [
        tuned.learning_rate,
        tuned.batch_size,
        tuned.baseline_decay,
        tuned.entropy,
        tuned.max_advantage,
    ]
    nasnet = config("controller_ppo", "nasnet")
    said = says(page, r"batches of #, Adam #, entropy #, decay #, one layer of # units")
    assert said == [
        nasnet.batch_size,
        nasnet.learning_rate,
        nasnet.entropy,
        nasnet.baseline_decay,
        nasnet.units,
    ]
    assert says(page, r"two layers of # units") == UNITS
    assert says(page, r"Weights begin uniform in ±#") == SPREAD
    assert says(page, r"with probability # k, so that from the #th draw") == [
        ADMIXTURE,
        1 / ADMIXTURE,
    ]
    assert says(page, r"If # draws find nothing new") == 1 + sum(ROUNDS)
    assert says(page, r"with it # is the largest") == LARGEST_ADAM_STEP
    ahead = [config(name).ahead for name in ("reinforce", "random_search")]
    assert says(page, r"It is # in `reinforce`, # in `random_search`") == ahead
    for name in (
        "controller_ppo",
        "reinforce_tabular",
        "priority_queue",
        "evolution",
        "local_search",
    ):
        assert config(name).ahead == 0
        assert config(name).avoid_repeats == (name in ("local_search", "priority_queue"))
    megabytes, kilobytes = says(page, r"numbers: # MB for the 250 decisions of 20 layers, # kB")
    assert (
        round((250 * 4) ** 2 * 8 / 1e6) == megabytes
        and round((33 * 4) ** 2 * 8 / 1e4) * 10 == kilobytes
    )

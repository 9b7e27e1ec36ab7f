"""What the pages name exists: files, headings, modules, options, environments, presets."""

import importlib
import inspect
import pkgutil
import re
from dataclasses import fields, is_dataclass
from importlib.util import find_spec
from itertools import pairwise

import pytest

import nas_env
from agents import agent_class, agent_names
from nas_env.command_line._choices import SHORT
from nas_env.command_line.arguments import Main
from nas_env.evaluation import Evaluator
from nas_env.evaluation.workers import WorkerSettings
from nas_env.final import Grid
from nas_env.objectives import Objective
from nas_env.tasks import task_class, task_names
from search_spaces import _catalogue
from search_spaces._base import SearchSpace
from tests._needed import made
from tests._pages import PAGES, ROOT, anchors, blocks, inline, links, prose, text

every_page = pytest.mark.parametrize("page", PAGES)
FOLDERS = ("agents", "benchmarks", "docs", "examples", "nas_env", "search_spaces", "tests")
#: Files and ids that a page tells its reader to make.
INVENTED = re.compile(
    r"one_change|accuracy_less_size|perceptron|thread|json_lines|wine|My-Bench|MyBench|Mine|Wine|<|\*|…"
)


# -- files and headings --------------------------------------------------------------------------
@every_page
def test_links_lead_somewhere(page):
    for link in links(page):
        file, _, anchor = link.partition("#")
        target = (ROOT / page).parent / file if file else ROOT / page
        assert target.is_file(), f"{page} links to {link}"  # the site has no pages of folders
        if anchor:
            there = str(target.resolve().relative_to(ROOT))
            assert anchor in anchors(there), f"{page} links to {link}"


@every_page
def test_files_that_are_named_exist(page):
    path = re.compile(rf"(?:{'|'.join(FOLDERS)})/[\w./-]+\.\w+")
    for name in [*inline(page), *" ".join(blocks(page)).split()]:
        if path.fullmatch(name) and not INVENTED.search(name):
            assert (ROOT / name).exists(), f"{page} names {name}"


@every_page
def test_names_of_the_packages_exist(page):
    dotted = re.compile(r"(?:agents|benchmarks|nas_env|search_spaces)(?:\.\w+)+")
    for name in inline(page):
        if dotted.fullmatch(name) and not INVENTED.search(name):
            assert pkgutil.resolve_name(name) is not None


@every_page
def test_no_page_imports_what_is_not_public(page):
    """Neither a module nor a name that starts with an underscore."""
    statement = re.compile(r"^ *(?:>>> )?(?:from ([\w.]+) )?import ([\w., ()]+)", re.M)
    for code in (*blocks(page), *inline(page)):
        for module, names in statement.findall(code):
            parts = [*module.split("."), *re.split(r"[\s,.()]+", names)]
            hidden = [part for part in parts if part.startswith("_") and part != "__future__"]
            assert not hidden, f"{page}: from {module} import {names}"


# -- commands ------------------------------------------------------------------------------------
def commands(page):
    """The commands of a page, each as its words."""
    lines = [line for block in blocks(page) for line in block.splitlines()] + inline(page)
    for line in lines:
        programs = r"python -m |python (?=train_agent)|make (?=\w)|nas-(?:re)?train|"
        programs += r"nas-(?:benchmark|controls|rank) "
        found = re.search(rf"(?:{programs})(.*)", line)
        if found:
            yield found[0].split()


def options_of(cls):
    """The command-line options of a dataclass of settings, those that switch it off too."""
    names = [field.name.replace("_", "-") for field in fields(cls)]
    return {f"{switch}{name}" for name in names for switch in ("", "no-")}


def members(package, base):
    return [_catalogue.load(package, name, base) for name in _catalogue.names(package)]


def option_names():
    """Every command-line option that a search has, for some environment and agent."""
    agents, tasks = map(agent_class, agent_names()), [made(name) for name in task_names()]
    recipes = {type(recipe) for task in tasks for recipe in task.recipes.values()}
    parts = {
        "agent": [agent.config_class for agent in agents],
        "recipe": recipes,
        "space": members("search_spaces", SearchSpace),
        "task": tasks,
        "evaluator": [e.Settings for e in members("nas_env.evaluation", Evaluator)],
        "objective": members("nas_env.objectives", Objective),
        "depth": [next(f for f in fields(Main) if f.name == "depth").default_factory],
    }
    known = {"--agent", "--agent.preset", "--recipe", "--help", "--help-all", "--version", *SHORT}
    known |= {f"--{name}" for cls in (Main, WorkerSettings) for name in options_of(cls)}
    return known | {
        f"--{part}.{name}"
        for part, classes in parts.items()
        for c in classes
        for name in options_of(c)
    }


def module_options(name):
    """The command-line options of a module that is run: the fields of its dataclasses."""
    module = importlib.import_module(name)
    classes = [value for value in vars(module).values() if inspect.isclass(value)]
    found = {f"--{name}" for c in classes if is_dataclass(c) for name in options_of(c)}
    return found | {"--help"}


SEARCH = option_names()
RETRAIN = SEARCH | module_options("nas_env.command_line.retraining")
RETRAIN |= {f"--grid.{name}" for name in options_of(Grid)}
CONTROLS = module_options("nas_env.controls.__main__")
LISTS = "nas_env.command_line.catalogues"  # what python -m nas_env runs
TERMINAL = [f"nas_env.command_line.{name}" for name in ("watch", "list", "show", "catalogues")]
RANK = SEARCH | module_options("nas_env.command_line.ranking")


@every_page
def test_commands_exist_and_have_their_options(page):
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.M))
    for program, *words in commands(page):
        if program == "make":
            assert words[0] in targets, f"{page}: make {words[0]}"
            continue
        known = SEARCH
        if program == "nas-retrain":
            known = RETRAIN
        if program == "nas-controls":
            known = CONTROLS
        if program == "nas-rank":
            known = RANK
        if program in ("nas-store", "nas-watch", "nas-list"):
            known = module_options(f"nas_env.command_line.{program.removeprefix('nas-')}")
        if program == "nas-benchmark":
            known = module_options(f"nas_env.benchmark.{words[0]}")
        if words[:1] == ["-m"]:
            module = words[1]
            if INVENTED.search(module):
                continue
            assert find_spec(module), f"{page}: python -m {module}"
            if module.partition(".")[0] not in FOLDERS:
                continue
            known = module_options(LISTS if module == "nas_env" else module)
        known = known | {"--print-completion"}
        for word in words:
            if word.startswith("--"):
                option = word.partition("=")[0]
                assert option in known, f"{page}: {' '.join(words)} has no {option}"


@every_page
def test_options_that_are_named_exist(page):
    """Between backticks and alone, or with their value."""
    programs = [
        f"{p}.{n}" for p in ("benchmarks", "nas_env.benchmark") for n in _catalogue.names(p)
    ]
    known = RETRAIN.union(CONTROLS, RANK, *map(module_options, [*programs, *TERMINAL]))
    known |= {"--print-completion"}
    for code in inline(page):
        if code.startswith("--") and code != "--x" and "<" not in code:  # which stand for any
            option = re.split(r"[ =]", code)[0]
            assert option in known, f"{page} names {option}"


# -- environments and agents ---------------------------------------------------------------------
@every_page
def test_environments_that_are_named_exist(page):
    for name in set(re.findall(r"\bNAS-[A-Z][\w-]*-v\d+", text(page))):
        if not INVENTED.search(name):
            assert name in nas_env.environment_ids(), f"{page} names {name}"


def test_the_readme_lists_all_environments_agents_and_tasks():
    for name in (*nas_env.environment_ids(), *agent_names()):
        short = name.removeprefix("NAS-Bench-201")
        assert f"`{name}`" in prose("README.md") or f"`{short}`" in prose("README.md"), name
    for name in agent_names():
        assert f"`{name}`" in prose("docs/agents.md"), name
    for name in task_names():
        assert f"`{name}`" in prose("docs/training.md") or not task_class(name).trains, name


@every_page
def test_presets_that_are_named_exist(page):
    known = {preset for name in agent_names() for preset in agent_class(name).presets}
    for words in commands(page):
        for option, value in pairwise(words):
            if option == "--agent.preset":
                assert value in known, f"{page}: preset {value}"

"""The documentation as a site: whatever has a name has a page; the words are spelled right."""

import doctest
import re
import subprocess
import sys

import pytest

import nas_env
from agents import agent_names
from nas_env.evaluation import evaluator_names
from nas_env.objectives import objective_names
from nas_env.tasks import task_names
from nas_env.tracking import tracker_names
from search_spaces import space_names
from tests._pages import PAGES, ROOT, text

sys.path.append(str(ROOT / "docs"))
from _site import catalogue, docstrings, names, notebooks

PACKAGES = ("agents", "examples", "nas_env", "search_spaces")
FAMILIES = {
    "environments": nas_env.environment_ids(),
    "spaces": space_names(),
    "agents": agent_names(),
    "tasks": task_names(),
    "objectives": objective_names(),
    "evaluators": evaluator_names(),
    "trackers": tracker_names(),
}


@pytest.fixture(scope="module")
def pages():
    return catalogue.pages()


@pytest.mark.parametrize("family", FAMILIES)
def test_every_member_has_a_page(family, pages):
    assert {f"{family}/{name}" for name in FAMILIES[family]} <= set(pages)


def test_the_page_of_a_recipe_says_who_has_it(pages):
    assert "cifar10" in pages["recipes/laptop"] and "penn_treebank" in pages["recipes/laptop"]


@pytest.mark.parametrize("module", [docstrings, names])
def test_examples_of_the_site_are_true(module):
    assert doctest.testmod(module).attempted and not doctest.testmod(module).failed


@pytest.mark.parametrize("page", PAGES)
def test_every_picture_has_an_alternative_text(page):
    pictures = re.findall(r"<img [^>]*>|!\[[^]]*\]\(", text(page))
    assert all(re.match(r'!\[[^]]|<img .*alt="[^"]', picture) for picture in pictures)


def test_markdown_of_a_docstring_becomes_tables():
    converted = docstrings.converted("## Keys\n| a | b |\n|---|---|\n| 1 | 2 \\\n  more |\n\nText.")
    assert ".. rubric:: Keys" in converted
    assert "   * - 1\n     - 2 more\n" in converted


def test_names_of_other_projects_have_a_page():
    assert names.page_of("torch.nn.modules.module.Module").endswith(
        "generated/torch.nn.Module.html#torch.nn.Module"
    )
    assert names.page_of("nas_env.problem.Problem") is None


def test_names_that_have_no_page():
    assert names.is_inner("nas_env.env._interface.Interface")
    assert not names.is_inner("nas_env.env.single.NASEnv")
    assert not names.is_inner("torch._C.Generator")


def test_words_are_spelled_right():
    texts = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs", *PACKAGES]
    words = [sys.executable, "-m", "codespell_lib", *texts]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert not done.stdout + done.stderr


@pytest.mark.parametrize("page", [page for page in PAGES if page.startswith("docs/")])
def test_every_page_is_in_a_table_of_contents(page):
    listed = set()
    for index in ("docs/index.md", "docs/benchmarks/index.md"):
        folder = (ROOT / index).parent
        for block in re.findall(r"^```\{toctree\}\n(.*?)^```", text(index), re.M | re.S):
            listed |= {
                (folder / name).resolve() for name in re.findall(r"([\w./-]+)>?$", block, re.M)
            }
    assert page == "docs/index.md" or (ROOT / page).with_suffix("") in listed, (
        f"name {page} in a toctree of docs/index.md"
    )


def test_a_notebook_is_a_page_too():
    page = notebooks.page(ROOT / "docs" / "notebooks" / "compare_agents.ipynb")
    assert page.startswith("# Compare two agents") and "```python\nimport numpy as np" in page

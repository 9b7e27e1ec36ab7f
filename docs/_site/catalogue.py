"""The pages of the catalogues: whatever has a name on the command line has a page."""

from collections.abc import Callable, Iterable

from _site import environments, members, recipes, rst

#: Each family: its folder, heading, sentence, and what makes its pages.
FAMILIES: dict[str, tuple[str, str, Callable[[], dict[str, str]]]] = {
    "environments": (
        "Environments",
        "``gymnasium.make`` takes these ids; ``nas-train --env ID`` searches one. "
        ":doc:`/docs/environment` explains what is the same for all.",
        environments.pages,
    ),
    "spaces": (
        "Search spaces",
        "What can be designed: ``space={…}`` of an environment, ``--space.…`` of a command. "
        ":doc:`/docs/search_space` explains them, and :doc:`/docs/gallery` shows networks of each.",
        members.spaces,
    ),
    "agents": (
        "Agents",
        "What designs: ``nas-train --agent NAME``. :doc:`/docs/agents` explains the algorithms, "
        ":doc:`/docs/stable_baselines` those of Stable-Baselines3.",
        members.agents,
    ),
    "tasks": (
        "Tasks",
        "The data on which children are trained: ``task={…}``, ``--task.…``. "
        ":doc:`/docs/training` has the splits, :doc:`/docs/your_data` data of your own.",
        members.tasks,
    ),
    "recipes": (
        "Recipes",
        "How a child is trained: ``recipe={…}``, ``--recipe NAME``, ``--recipe.…``. "
        ":doc:`/docs/training` says where they come from, and what they are worth.",
        recipes.pages,
    ),
    "objectives": (
        "Objectives",
        "What makes the reward: ``objective={…}``, ``--objective NAME``. "
        ":doc:`/docs/objectives` compares what they find.",
        members.objectives,
    ),
    "evaluators": (
        "Evaluators",
        "What trains children: ``--evaluator NAME``. :doc:`/docs/workers` and :doc:`/docs/cluster` "
        "say which to take.",
        members.evaluators,
    ),
    "trackers": (
        "Trackers",
        "Services that show a search while it runs: ``--track NAME``. "
        ":doc:`/docs/tracking` says what they show.",
        members.trackers,
    ),
}


def pages() -> dict[str, str]:
    """Return all pages by their path in the catalogue."""
    found = {"index": _index()}
    for family, (title, sentence, make) in FAMILIES.items():
        made = make()
        found |= {f"{family}/{name}": text for name, text in made.items()}
        found[f"{family}/index"] = _family(title, sentence, made)
    return found


def _index() -> str:
    text = (
        "Every name that a command line or ``gymnasium.make`` takes has a page here. The pages are "
        "made of the classes themselves, so they say what the installed version does.\n"
    )
    names = [f"{family}/index" for family in FAMILIES]
    return "\n".join([rst.heading("Catalogue"), text, rst.contents(names, depth=2)])


def _family(title: str, sentence: str, names: Iterable[str]) -> str:
    return "\n".join([rst.heading(title), sentence + "\n", rst.contents(names)])

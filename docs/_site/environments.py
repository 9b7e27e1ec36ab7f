"""Pages of environments: an id's spaces, decisions, task, recipe and own arguments."""

from collections.abc import Iterator
from typing import Any

from _site import docstrings, rst
from nas_env.errors import NASError
from nas_env.tasks import TrainingTask, make_task, task_class, task_names
from search_spaces import SearchSpace, make_space

WORDS = {"False": "no", "True": "yes"}
CLASS = ":class:`NASEnv <nas_env.env.single.NASEnv>`"


def pages() -> dict[str, str]:
    """Return the pages of all ids that the package registers."""
    ids = ((id, task) for task in task_names() for id in task_class(task).environments)
    return {id: "\n".join(_page(id, task)) for id, task in sorted(ids)}


def _page(id: str, task: str) -> Iterator[str]:
    cls = task_class(task)
    keywords = cls.environments[id]
    yield rst.heading(id)
    yield docstrings.plain((cls.__doc__ or "").strip().partition("\n")[0]) + "\n"
    yield rst.code(_example(id, cls))
    yield rst.heading("What it is", "-")
    yield rst.table(("part", "here"), [*_facts(task, keywords)], "20 80")
    if space := space_of(task, keywords):
        yield rst.heading("Decisions", "-")
        yield rst.table(("kind", "decisions", "options"), _kinds(space))
    yield rst.heading("Spaces, rewards, arguments", "-")
    yield f"They are the same for all ids, and the docstring of {CLASS} has them.\n"


def _example(id: str, cls: type) -> str:
    own = "path" in cls.__dataclass_fields__ and not cls.__dataclass_fields__["path"].default
    path = ', task={"path": "…"}' if own else ""
    return f'import gymnasium\n\nenv = gymnasium.make("nas_env:{id}"{path})'


def space_of(task: str, keywords: Any) -> SearchSpace | None:
    """Return the space of an id; None if it follows from data that is not here."""
    try:
        spec = keywords.get("space") or make_task(task).space
    except NASError:
        return None
    return make_space(spec) if spec else None


def _facts(task: str, keywords: Any) -> Iterator[tuple[str, str]]:
    cls = task_class(task)
    yield "task", f":doc:`{task} </docs/catalogue/tasks/{task}>`"
    space = space_of(task, keywords)
    if space is None:
        yield "search space", "follows from the data"
    else:
        changed = {**space.spec}
        name = changed.pop("name")
        yield "search space", f":doc:`{name} </docs/catalogue/spaces/{name}>`"
        own = keywords.get("space")
        if isinstance(own, dict) and len(own) > 1:
            shown = (f"``{key}={value}``" for key, value in own.items() if key != "name")
            yield "its settings", ", ".join(shown)
        count, options = len(space.decisions), space.max_options
        yield "decisions", f"{count:,}, of at most {options} options"
        yield "sequences", f"{space.size:,}" if space.size < 1e9 else f"{space.size:.1e}"
        yield "action space", rst.literal(f"Discrete({options})")
        row = count * options
        yield (
            "observation space",
            f"``Dict(decision=Discrete({count + 1}), tokens=Box(0, 1, ({row:,},), float32))``",
        )
    if isinstance(cls.objective, str):
        yield "objective", f":doc:`{cls.objective} </docs/catalogue/objectives/{cls.objective}>`"
    yield "recipe", _recipe(cls, keywords)
    limits = keywords.get("task")
    if isinstance(limits, dict):
        yield (
            "its task's settings",
            ", ".join(f"``{k}={v}``" for k, v in limits.items() if k != "name"),
        )


def _recipe(cls: Any, keywords: Any) -> str:
    if not issubclass(cls, TrainingTask):
        return "none: nothing is trained"
    if own := keywords.get("recipe"):
        name = own if isinstance(own, str) else own["preset"]
        return f":doc:`{name} </docs/catalogue/recipes/{name}>`"
    if isinstance(cls.recipes, property):
        return "follows from the size of the data: :doc:`/docs/your_data`"
    return ", ".join(
        f"{device}: :doc:`{name} </docs/catalogue/recipes/{name}>`"
        for device, name in cls.default_recipes.items()
    )


def _kinds(space: SearchSpace) -> list[tuple[str, str, str]]:
    counts: dict[tuple[str, str], int] = {}
    for decision in space.decisions:
        options = ", ".join(WORDS.get(str(option), str(option)) for option in decision.options)
        key = (decision.kind, rst.escaped(options))
        counts[key] = counts.get(key, 0) + 1
    return [(kind, str(count), options) for (kind, options), count in counts.items()]

"""Pages of recipes: a page per name, with a table for each task that has it."""

from collections import defaultdict
from dataclasses import fields

from _site import rst, settings
from nas_env.tasks import Task, TrainingTask, task_class, task_names
from nas_env.training.recipe import Recipe


def of(task: type[Task]) -> dict[str, Recipe]:
    """Return the recipes of a task by name; none where they follow from the data."""
    return {} if isinstance(task.recipes, property) else dict(task.recipes)


def pages() -> dict[str, str]:
    """Return the pages of recipes by name."""
    having: dict[str, dict[str, Recipe]] = defaultdict(dict)
    for task in task_names():
        if issubclass(task_class(task), TrainingTask):
            for name, recipe in of(task_class(task)).items():
                having[name][task] = recipe
    return {name: _page(name, tasks) for name, tasks in sorted(having.items())}


def _page(name: str, tasks: dict[str, Recipe]) -> str:
    text = (
        f'``recipe="{name}"`` or ``--recipe {name}``. Beside it, single settings can be changed: '
        f'``recipe={{"preset": "{name}", "epochs": 10}}``.\n'
    )
    parts = [rst.heading(name), text]
    for task, recipe in tasks.items():
        cls = type(recipe)
        same = [
            other for other, theirs in tasks.items() if other != task and theirs.spec == recipe.spec
        ]
        if same and same[0] in list(tasks)[: list(tasks).index(task)]:
            continue
        title = ", ".join([task, *same])
        parts += [
            rst.heading(title, "-"),
            f"What differs from the defaults of :class:`~{cls.__module__}.{cls.__qualname__}`, "
            "which explains each setting:\n",
            rst.table(("setting", "value", "default of the class"), _changed(recipe)),
        ]
    return "\n".join(parts)


def _changed(recipe: Recipe) -> list[tuple[str, str, str]]:
    rows = [
        (rst.literal(field.name), settings.shown(value), settings.shown(field.default))
        for field in fields(recipe)
        if (value := getattr(recipe, field.name)) != field.default
    ]
    return rows or [("nothing", "", "")]

"""Train a cell that was found on one text on another, beside an LSTM of the same size.

python -m benchmarks.transfer --run runs/NAS-PTB-v0-reinforce-1 --to NAS-PTBChar-v0

The paper takes the cell it found on words to characters (Zoph & Le 2017, section 4.2), with the
same number of parameters as an LSTM.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium
from rich.console import Console
from rich.table import Table

import nas_env
from nas_env.benchmark._command import command
from nas_env.errors import UnknownName
from nas_env.files import read_json
from nas_env.problem import Problem
from nas_env.search.references import evaluate_references, figures
from nas_env.tasks import task_class


@dataclass(frozen=True)
class Options:
    """Train a found cell on another text.

    Attributes:
        run: Folder of a run, whose best cell is taken; or a file with an architecture's JSON.
        to: Id of an environment, or name of a language task.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        recipe: Name of a recipe of the other task; by default the one for the device.
        epochs: Epochs of the training; by default the recipe's.
        parameters: Largest number of parameters of a child; by default the environment's.
        train_size: Number of symbols of the training text to keep; by default all.
        seed: Seed of the children, together with their architecture.
    """

    run: Path
    to: str = "NAS-PTBChar-v0"
    device: str = "auto"
    recipe: str | None = None
    epochs: int | None = None
    parameters: int | None = None
    train_size: int | None = None
    seed: int = 0


def measure(options: Options) -> None:
    """Print the table."""
    cell = found(options.run)
    environment = make(options)
    try:
        table = compare(environment.unwrapped.problem, cell)  # type: ignore[attr-defined]
    finally:
        environment.close()
    Console().print(shown(table, options.to))


def found(path: Path) -> dict[str, Any]:
    """Return the best architecture of a run, or that of a JSON file."""
    file = path / "summary.json" if path.is_dir() else path
    content = read_json(file, {})
    best = content.get("best", content)
    return best["architecture"] if isinstance(best, dict) and "architecture" in best else best


def make(options: Options) -> Any:
    """Return the environment to which the cell is taken."""
    id = options.to
    if not id.startswith("NAS-"):
        id = next(iter(task_class(id).environments))
    if id not in gymnasium.registry:
        raise UnknownName("environment", id, nas_env.environment_ids())
    changes: dict[str, Any] = {} if options.epochs is None else {"epochs": options.epochs}
    if options.recipe is not None:
        changes["preset"] = options.recipe
    keywords: dict[str, Any] = {"device": options.device, "evaluation_seed": options.seed}
    if options.parameters is not None:
        keywords["parameters"] = options.parameters
    if options.train_size is not None:
        task = gymnasium.spec(id).kwargs["task"]
        keywords["task"] = {"name": task, "train_size": options.train_size}
    return gymnasium.make(id, recipe=changes or None, **keywords)


def compare(problem: Problem, cell: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the figures of the found cell and of the references, by one recipe and budget."""
    problem.verify_data()
    request = problem.request(problem.space.parse(cell))
    evaluation = problem.evaluator.submit(request).result()
    return {"the found cell": figures(problem, evaluation), **evaluate_references(problem)}


def shown(table: dict[str, dict[str, Any]], to: str) -> Table:
    """Return the comparison as a table for the terminal."""
    made = Table(title=f"transferred to {to}")
    names = list(dict.fromkeys(name for row in table.values() for name in row))
    for name in ("", *names):
        made.add_column(name.replace("_", " "), justify="right" if name else "left")
    for label, row in table.items():
        values = [row.get(name) for name in names]
        texts = [f"{v:,.4g}" if isinstance(v, float) else f"{v:,}" if isinstance(v, int) else v
                 for v in values]  # fmt: skip
        made.add_row(label, *(text or "" for text in texts))
    return made


main = command("python -m benchmarks.transfer", Options, measure)

if __name__ == "__main__":
    sys.exit(main())

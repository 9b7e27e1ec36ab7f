"""Shows a final training to trackers, once it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from nas_env.final.network import NETWORK
from nas_env.final.training import FinalTraining
from nas_env.run.folder import Run, holds_run
from nas_env.search.tracked import artifact_name, best_architecture, data_used, labels_of
from nas_env.tracking import Artifact, Picture, Table, Trackers

PREFIX = "final"
APART = ("architecture", "ledger", "compared", "rank", "seeds")  # long, and in the result's file


class Origin(NamedTuple):
    """The run that a final training belongs to.

    Attributes:
        run: The run's folder, held.
        id: Name of the run in the store.
        env: Id of its environment.
        make: Keyword arguments of the problem of the final training.
    """

    run: Run
    id: str
    env: str
    make: Mapping[str, Any]

    @property
    def config(self) -> dict[str, Any]:
        """The configuration of the search; what is known of it where there was none."""
        if holds_run(self.run.folder):
            return self.run.config
        return {"env": self.env, "agent": {"name": "architecture"}, "make": self.make, "track": []}


def show_final(
    trackers: Trackers, final: FinalTraining, result: Mapping[str, Any], origin: Origin
) -> None:
    """Show a final training as a run of its own, which uses what the search has made.

    Args:
        trackers: Trackers to show it.
        final: The final training.
        result: Figures of the final training, as its file has them.
        origin: The run that it belongs to.
    """
    with trackers.or_without():
        if trackers:
            _begin(trackers, final, result, origin)
            for number, seed in enumerate(result["seeds"], 1):
                figures = {k: v for k, v in seed.items() if k != "weights"}
                trackers.log(number, PREFIX, {**figures, "mean": result["mean"]})
            number = len(result["seeds"])
            trackers.table(number, f"{PREFIX}/tested", _tested(result))
            trackers.table(number, f"{PREFIX}/compared", _compared(result))
            folder = final.folder / NETWORK
            if folder.is_dir():
                drawn = Picture.read(folder / "network.png", str(result["chosen"]["name"]))
                trackers.picture(number, f"{PREFIX}/network", drawn)
                trackers.makes(_network(folder, result, origin.id))
            trackers.summary(_figures(result))


def _begin(
    trackers: Trackers, final: FinalTraining, result: Mapping[str, Any], origin: Origin
) -> None:
    """Begin a run, and say what it uses."""
    config, summary = origin.config, origin.run.summary
    labels = replace(labels_of(config, f"{origin.run.folder.name}-{PREFIX}"), job=PREFIX)
    told = {name: result[name] for name in ("env", "task", "space", "recipe", "device", "versions")}
    told |= {"chosen": result["chosen"], "data": {**final.task.checksums}}
    trackers.start(final.folder, labels, told)
    trackers.uses(data_used(final.task))
    if summary is not None and summary["best"] is not None:
        trackers.uses(best_architecture(origin.id, summary["best"]))


def _tested(result: Mapping[str, Any]) -> Table:
    """Return the table of the networks that were tested: what was chosen first."""
    control = result["random_search"]
    rows = [(result["chosen"]["name"], {**result, **result["chosen"]})]
    rows += [] if control is None else [(f"random search, {control['name']}", control)]
    rows += [(row["name"], row) for row in result["beside"]]
    cells = [
        [name, row["mean"], *(row["interval_over_seeds"] or (None, None)), row["parameters"]]
        for name, row in rows
    ]
    return Table(["network", str(result["metric"]), "lowest", "highest", "parameters"], cells)


def _compared(result: Mapping[str, Any]) -> Table:
    """Return the table of the candidates that were compared by validation."""
    columns = [*result["compared"][0]] if result["compared"] else ["name"]
    rows = [
        [value if isinstance(value, (int, float)) else str(value) for value in row.values()]
        for row in result["compared"]
    ]
    return Table(columns, rows)


def _network(folder: Path, result: Mapping[str, Any], run_id: str) -> Artifact:
    """Return the artifact of the network's folder."""
    files: dict[str, Path | bytes] = {
        str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if path.is_file()
    }
    facts = {name: result[name] for name in ("metric", "mean", "interval_over_seeds")}
    facts |= {name: result["chosen"][name] for name in ("name", "parameters", "flops")}
    return Artifact(artifact_name("network", run_id), "network", files, facts)


def _figures(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of the whole, without what is long."""
    return {name: value for name, value in result.items() if name not in APART}

"""Weights & Biases, with a network or without one.

Entity and mode come from ``WANDB_ENTITY`` and ``WANDB_MODE``; project, group and tags from the
command line, then from ``WANDB_PROJECT``, ``WANDB_RUN_GROUP`` and ``WANDB_TAGS``. Files go to
``<run>/wandb``; a run kept offline is sent later by ``wandb sync``.
"""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from nas_env.files import read_json, write_json
from nas_env.tracking._base import Tracker
from nas_env.tracking._items import Artifact, Cell, Labels, Picture, Table, Value

if TYPE_CHECKING:
    import wandb

logger = logging.getLogger(__name__)

CHILDREN = "search/children"
PROJECT = "nas-env"
ROWS = 8  # of W&B's own steps that the same number of children may take
LONGEST = 64  # characters of a tag that W&B takes

Mode = Literal["online", "offline", "shared", "disabled", "dryrun", "run"]


class WeightsAndBiases(Tracker):
    """Follows a search in Weights & Biases.

    A resumed run goes on under its id, kept in ``<run>/tracking.json``. W&B's own step is computed
    from the number of the child, so that rows which a resumed search plays again (those after its
    last checkpoint) are told from new ones and not sent twice.
    """

    requires = "wandb"

    def __init__(self) -> None:
        super().__init__()
        self._folder = Path()
        self._started: wandb.Run | None = None
        self._step = -1

    @property
    def _run(self) -> wandb.Run:
        """The run, once it has started."""
        assert self._started is not None
        return self._started

    def start(
        self, folder: Path, labels: Labels, config: Mapping[str, Any], resume_from: int
    ) -> None:
        """See the base; W&B itself knows how far it has come."""
        import wandb

        # W&B takes our package `agents` for another of that name, and advertises a product for it.
        os.environ.setdefault("WANDB_DISABLE_WEAVE", "true")
        self._folder, file = folder, folder / "tracking.json"
        run = self._started = wandb.init(
            dir=folder.absolute(),  # W&B's own process may have begun in another folder
            name=os.environ.get("WANDB_NAME") or labels.name,
            id=_run_id(file),
            resume="allow",
            config=dict(config),
            settings=_settings(_mode(folder)),
            **_found_by(labels),
        )
        write_json(file, {"wandb": run.id})  # a sweep has chosen another
        run.define_metric(CHILDREN)
        for group in ("search", "agent", "final"):
            run.define_metric(f"{group}/*", step_metric=CHILDREN)
        if not run.offline and run.url:
            logger.info("Weights & Biases shows this search at %s", run.url)

    def log(self, number: int, values: Mapping[str, Value]) -> None:
        """Log one row; the rows of a number are told apart by W&B's own step."""
        self._row(number, values)

    def picture(self, number: int, key: str, picture: Picture) -> None:
        """See the base."""
        self._row(number, {key: _shown(picture)})

    def table(self, number: int, key: str, table: Table) -> None:
        """See the base."""
        import wandb

        rows: list[Any] = [[_shown(cell) for cell in row] for row in table.rows]
        with self._staged():
            self._row(number, {key: wandb.Table(columns=list(table.columns), data=rows)})

    def artifact(self, number: int, artifact: Artifact, *, used: bool) -> None:
        """See the base."""
        import wandb

        made = wandb.Artifact(artifact.name, artifact.kind, metadata=dict(artifact.facts))
        with self._staged():
            for name, file in artifact.files.items():
                if isinstance(file, Path):
                    made.add_file(str(file), name, skip_cache=True)
                else:
                    with made.new_file(name, mode="wb") as new:
                        new.write(file)
            if used:
                self._use(made)
            else:
                self._run.log_artifact(made)

    def _use(self, made: wandb.Artifact) -> None:
        """Say that the run uses an artifact, without waiting for an answer.

        ``use_artifact`` does the same and then waits, without end where the network is lost;
        offline it refuses to.
        """
        try:
            self._run._log_artifact(made, is_user_created=True, use_after_commit=True)
        except (AttributeError, TypeError):  # of another version: it is kept as one that was made
            self._run.log_artifact(made)

    def summary(self, number: int, values: Mapping[str, Any]) -> None:
        """See the base."""
        self._run.summary.update(dict(values))

    def finish(self) -> None:
        """See the base."""
        if self._started is None:
            return
        try:
            self._started.finish()
        except Exception:
            import wandb

            with suppress(Exception):  # its process has died: it would say so again at the end
                wandb.teardown()
            raise

    def _row(self, number: int, values: Mapping[str, Any]) -> None:
        self._step = max(self._step + 1, ROWS * number)
        if self._step >= self._run.starting_step:
            self._run.log({CHILDREN: number, **values}, step=self._step, commit=True)

    @contextmanager
    def _staged(self) -> Iterator[None]:
        """Let W&B keep the files that are still to be sent in the run's folder, not at home."""
        if os.environ.get("WANDB_DATA_DIR"):
            yield
            return
        os.environ["WANDB_DATA_DIR"] = str((self._folder / "wandb" / "data").absolute())
        try:
            yield
        finally:
            del os.environ["WANDB_DATA_DIR"]


def _shown(cell: Cell) -> Any:
    """Return a cell as W&B shows it."""
    import wandb
    from PIL import Image

    if not isinstance(cell, Picture):
        return cell
    return wandb.Image(Image.fromarray(cell.pixels), caption=cell.caption)


def _found_by(labels: Labels) -> dict[str, Any]:
    """Return what people find the run by: as it was chosen, or as W&B's variables say."""
    said = os.environ.get("WANDB_TAGS", "").split(",")
    return {
        "project": labels.project or os.environ.get("WANDB_PROJECT") or PROJECT,
        "group": labels.group or os.environ.get("WANDB_RUN_GROUP") or labels.usual_group or None,
        "job_type": os.environ.get("WANDB_JOB_TYPE") or labels.job,
        "tags": list(dict.fromkeys(tag[:LONGEST] for tag in (*labels.tags, *said) if tag)),
    }


def _mode(folder: Path) -> Mode:
    """Return the mode: offline without a key, for which W&B would wait, or without a server."""
    import wandb
    from wandb.errors import CommError

    if not os.environ.get("WANDB_MODE", "unset"):
        del os.environ["WANDB_MODE"]  # set but empty is refused by W&B's settings
    mode = wandb.setup().settings.mode
    if mode in ("offline", "dryrun", "disabled"):
        return mode
    try:
        if wandb.login(prompt=False, verify=True):
            return mode
        reason = "no API key"
    except CommError as error:
        reason = str(error).partition("\n")[0]
    logger.warning("Weights & Biases: this run is kept offline in %s/wandb: %s", folder, reason)
    return "offline"


def _settings(mode: Mode) -> wandb.Settings:
    """Return settings that send figures to W&B, but no host name, command or environment."""
    import wandb

    return wandb.Settings(
        mode=mode,
        host="hidden",
        program=PROJECT,  # sent even when the collection of metadata is off
        console="off",
        disable_git=True,
        disable_code=True,
        save_code=False,
        x_disable_machine_info=True,
        x_disable_meta=True,
        x_disable_stats=True,
        x_save_requirements=False,
        silent=True,
        reinit="create_new",
        allow_val_change=True,  # a resumed search gives its configuration once more
        init_timeout=20.0,  # s
        finish_timeout=60.0,  # s; W&B waits for a lost network without end
        x_transaction_log_flush_interval=1.0,  # s; what a killed run may lose, 15 by default
    )


def _run_id(file: Path) -> str:
    """Return the id of the run; a new one is written to its file atomically."""
    if file.exists():
        return read_json(file, {"wandb": str})["wandb"]
    run_id = os.environ.get("WANDB_RUN_ID") or secrets.token_hex(6)
    write_json(file, {"wandb": run_id})
    return run_id

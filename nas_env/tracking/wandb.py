"""Weights & Biases, with a network or without one.

Entity and project come from ``WANDB_ENTITY`` and ``WANDB_PROJECT``, the mode from ``WANDB_MODE``.
Files go to ``<run>/wandb``; a run kept offline is sent later by ``wandb sync``.
"""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from nas_env.files import read_json, write_json
from nas_env.tracking._base import Tracker, Value

if TYPE_CHECKING:
    import wandb

logger = logging.getLogger(__name__)

CHILDREN = "search/children"
PROJECT = "nas-env"

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
        self._run: wandb.Run | None = None
        self._step = -1

    def start(self, folder: Path, name: str, config: Mapping[str, Any], resume_from: int) -> None:
        """See the base; W&B itself knows how far it has come."""
        import wandb

        # W&B takes our package `agents` for another of that name, and advertises a product for it.
        os.environ.setdefault("WANDB_DISABLE_WEAVE", "true")
        run = self._run = wandb.init(
            dir=folder,
            project=os.environ.get("WANDB_PROJECT") or PROJECT,
            name=name,
            id=_run_id(folder / "tracking.json"),
            resume="allow",
            config=dict(config),
            settings=_settings(_mode(folder)),
        )
        run.define_metric(CHILDREN)
        run.define_metric("search/*", step_metric=CHILDREN)
        run.define_metric("agent/*", step_metric=CHILDREN)
        if not run.offline and run.url:
            logger.info("Weights & Biases shows this search at %s", run.url)

    def log(self, number: int, values: Mapping[str, Value]) -> None:
        """See the base."""
        self._row(number, values)

    def picture(self, number: int, path: Path, caption: str) -> None:
        """See the base."""
        import wandb

        picture = wandb.Image(str(path), caption=caption)
        self._row(number, {"search/best_architecture": picture})

    def summary(self, values: Mapping[str, Any]) -> None:
        """See the base."""
        if self._run is not None:
            self._run.summary.update(dict(values))

    def finish(self) -> None:
        """See the base."""
        if self._run is not None:
            self._run.finish()

    def _row(self, number: int, values: Mapping[str, Any]) -> None:
        """Log one row; a child makes at most three (itself, its picture, an update after it)."""
        self._step = max(self._step + 1, 3 * number)
        if self._run is not None and self._step >= self._run.starting_step:
            self._run.log({CHILDREN: number, **values}, step=self._step, commit=True)


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
    run_id = secrets.token_hex(6)
    write_json(file, {"wandb": run_id})
    return run_id

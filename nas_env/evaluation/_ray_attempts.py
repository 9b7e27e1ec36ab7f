"""The attempts at one child on a Ray cluster: what is tried again, and what came of each."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

from nas_env.errors import NASError
from nas_env.evaluation._child import failed
from nas_env.evaluation._ray_cluster import Cluster, Share, line_of
from nas_env.evaluation._work import Work
from nas_env.evaluation._worker import error_of
from nas_env.records import Evaluation
from nas_env.training.outcome import Progress, unheard

LOST = "lost"  # an attempt whose node or process has gone, through no fault of its child
MISSING = "cannot import"  # how the error of a member's missing module begins
SEND = "install it there, or send it with --evaluator.packages"


@dataclass
class Attempt:
    """An attempt at a child.

    Attributes:
        node: Name of the node; empty until it has begun.
        status: Status of the evaluation that came of it, or ``"lost"``.
        seconds: Seconds on the node, as far as they are known.
        error: What went wrong, in one line.
    """

    node: str = ""
    status: str = LOST
    seconds: float = 0.0
    error: str = ""


@dataclass
class Attempts:
    """Tries a child until there is an evaluation of it.

    Attributes:
        cluster: Where it is tried.
        work: Keeps account of the children that are being trained.
        share: What Ray keeps for a child.
        retries: Number of times that a child is tried again whose node was lost.
        alone: Whether a child that ran out of memory is tried once more, alone on a node.
        content: What stands for the data that is sent along; None for none.
        made: The attempts so far.
    """

    cluster: Cluster
    work: Work
    share: Share
    retries: int
    alone: bool
    content: Any = None
    made: list[Attempt] = field(default_factory=list)

    async def evaluation(self, order: str) -> Evaluation:
        """Return the evaluation of the child of an order, with its attempts.

        Raises:
            NASError: If it cannot be evaluated on a node: its data is not there, or its code.
        """
        share, alone = self.share, self.alone
        while True:
            found = await self._tried(order, share)
            lost = sum(attempt.status == LOST for attempt in self.made)
            if found is None and lost > self.retries:
                text = f"{self.made[-1].error}; tried {lost} times"
                found = failed("died", text)
            if found is not None and found.status == "out_of_memory" and alone:
                share, alone, found = self.cluster.whole_node(self.share), False, None
            if found is not None:
                return replace(found, attempts=[dict(vars(each)) for each in self.made])

    async def _tried(self, order: str, share: Share) -> Evaluation | None:
        """Return what came of one attempt; None where it was lost."""
        attempt = Attempt()
        self.made.append(attempt)
        answer = await self.asked(order, share, attempt)
        if answer is None:
            return None
        found = Evaluation(**answer)
        attempt.status, attempt.error = found.status, found.error
        return found

    async def asked(self, order: str, share: Share, attempt: Attempt) -> Any:
        """Return a node's answer to an order; None where the attempt was lost."""
        ray, generator = self.cluster.ray, self.cluster.run(order, share, self.content)
        began, report = time.monotonic(), unheard
        try:
            with ExitStack() as stack:
                async for reference in generator:
                    message = json.loads(await reference)
                    if "begun" in message:
                        attempt.node, began = message["begun"], time.monotonic()
                        report = stack.enter_context(self.work.child())
                        continue
                    attempt.seconds = round(message["seconds"], 3)
                    if "progress" not in message:
                        return _answered(message, attempt.node)
                    report(Progress(*message["progress"]))
        except asyncio.CancelledError:
            with suppress(Exception):
                ray.cancel(generator, force=True)
            raise
        except ray.exceptions.OutOfMemoryError as error:
            attempt.seconds = round(time.monotonic() - began, 3)
            return vars(failed("out_of_memory", f"the node ran out of memory: {line_of(error)}"))
        except _losses(ray) as error:
            attempt.seconds, attempt.error = round(time.monotonic() - began, 3), line_of(error)
            return None
        except ray.exceptions.RayError as error:
            _refuse(error)
        attempt.error = "the node ended without an answer"
        return None


def _answered(message: Mapping[str, Any], node: str) -> Any:
    """Return the answer of a last message, or raise its error, with the node's name."""
    if "answer" in message:
        return message["answer"]
    name, text = message["error"]
    hint = f": {SEND}" if text.startswith(MISSING) else ""
    raise error_of(name, f"{text} (on node {node}){hint}")


def _losses(ray: Any) -> tuple[type[Exception], ...]:
    """Return Ray's errors that say that a machine or a process has gone."""
    errors = ray.exceptions
    return (
        errors.WorkerCrashedError,
        errors.NodeDiedError,
        errors.LocalRayletDiedError,
        errors.ObjectLostError,
    )


def _refuse(error: Exception) -> NoReturn:
    """Raise the line for what no further attempt can mend."""
    text = str(error)
    if "No module named" in text:
        package = text.rpartition("No module named ")[2].partition("\n")[0]
        raise NASError(f"a node of the cluster has no package {package}: {SEND}") from None
    raise NASError(f"Ray could not train a child: {line_of(error)}") from None

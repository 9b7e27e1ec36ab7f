"""The problem of an episode: space, task, objective, recipe and evaluator, from plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np

from nas_env.errors import InvalidValue, unknown_keyword
from nas_env.evaluation import Evaluator, make_evaluator
from nas_env.evaluation._answers import Answers
from nas_env.evaluation._tickets import Ticket, Tickets, answered
from nas_env.parts import Named, choose_device, chosen_recipe, chosen_task, task_objective
from nas_env.records import Evaluation, Request
from nas_env.run.store import IN_MEMORY, Store, open_store
from nas_env.table.format import Table
from nas_env.table.function import Figures
from nas_env.tasks import TrainingTask
from search_spaces import Architecture, make_space, space_class
from search_spaces._settings import named


class Problem:
    """Turns finished token sequences into evaluations.

    Args:
        task: Name of a task, or name and settings; settings alone change the default task.
        space: Name of a search space, or name and settings; None for the task's own.
        objective: Name of an objective, or name and settings; settings alone change the task's own,
            and None is the task's own.
        recipe: Name of a recipe, or settings, where ``"preset"`` names the recipe that they change;
            by default the environment's own, or the task's on the device.
        device: Device, ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:1"``.
        evaluator: Name of an evaluator, or name and settings
            (``{"name": "workers", "workers": 4, "time_limit": 600}``); None for the task's own,
            which trains in this process or asks the task's function.
        evaluation_seed: Seed of the children, together with their architecture.
        store: File, server's address, or open store of evaluations; None to keep them in memory.
        default_task: Name of the environment's own task, or name and settings.
        default_recipe: Name of the environment's own recipe, or settings.
        caller: Class whose arguments these are, for the message about an unknown one.
        **space_settings: Settings of the space.

    Raises:
        InvalidValue: If a value is wrong; an :class:`UnknownName` for names, and an
            :class:`UnknownKeyword` for unknown keyword arguments.
    """

    def __init__(
        self,
        task: Named,
        space: Named | None = None,
        *,
        objective: Named | None = None,
        recipe: Named | None = None,
        device: str = "auto",
        evaluator: Named | None = None,
        evaluation_seed: int = 0,
        store: str | Path | Store | None = None,
        default_task: Named | None = None,
        default_recipe: Named | None = None,
        caller: type | None = None,
        **space_settings: Any,
    ):
        self.task = chosen_task(task, default_task).settled()
        self.objective = task_objective(self.task, objective)
        name, settings = named(space or self.task.space or "", "space")
        known = {field.name for field in fields(space_class(name)) if field.init}
        for keyword in space_settings:
            if keyword not in known:
                functions = [cls.__init__ for cls in (caller or Problem, Problem)]
                raise unknown_keyword(functions, keyword, known)
        self.space = make_space({"name": name, **settings, **space_settings})
        if self.task.trains and not self.space.buildable:
            raise InvalidValue(
                f"space is {self.space.name!r}, which describes no networks: task "
                f"{self.task.name} trains networks"
            )
        self.device = choose_device(device, evaluator)
        trained = chosen_recipe(self.task, recipe, self.device, default_recipe)
        self.recipe: Any = trained.resolved(self.device.type)
        if type(evaluation_seed) is not int or evaluation_seed < 0:
            raise InvalidValue(f"evaluation_seed is {evaluation_seed!r}, expected 0 or more")
        self.evaluation_seed = evaluation_seed
        where = IN_MEMORY if store is None else store
        self.store = where if isinstance(where, Store) else open_store(where)
        self.evaluator = self._evaluator(evaluator)
        self._asked_for = 0
        self._tickets = Tickets()

    def _evaluator(self, spec: Named | None) -> Evaluator:
        chosen = spec or self.task.default_evaluator
        made = make_evaluator(chosen, self.device, self.store)
        if made.trains != self.task.trains:
            raise InvalidValue(
                f"evaluator is {chosen!r}, task {self.task.name} needs "
                f"{self.task.default_evaluator!r}"
            )
        return made

    @cached_property
    def answers(self) -> Answers | None:
        """The answers of the task's function to this problem; None if children are trained.

        Raises:
            DataNotFound: If its data, a table for example, is not there.
            InvalidValue: If it is broken, or has no such fidelity, noise or space.
        """
        if (function := self.task.make_function()) is None:
            return None
        if function.space != self.space:
            raise InvalidValue(
                f"space is {self.space}, that of {function.name} is {function.space}"
            )
        answers = Answers(function, self.recipe, self.evaluation_seed)
        self.rewards(answers.measure(function.examples()), answers)
        return answers

    @property
    def answers_at_once(self) -> Answers | None:
        """The answers where they need no time; None if the evaluator is asked."""
        return self.answers if self.evaluator.at_once else None

    def rewards(self, figures: Figures, answers: Answers) -> np.ndarray:
        """Return the rewards of figures that a function gave: float64 (m,).

        Raises:
            InvalidValue: If the objective needs what the function does not have.
        """
        try:
            return self.objective.rewards(figures.values, answers.failed(figures))
        except InvalidValue as error:
            raise InvalidValue(f"{answers.function.name}: {error}") from None

    @property
    def table(self) -> Table | None:
        """The table that answers; None if children are trained, or a function has no table."""
        return None if self.answers is None else self.answers.function.table

    @property
    def spec(self) -> dict[str, Any]:
        """Everything that decides a reward, complete, as plain JSON values."""
        return {
            "task": self.task.spec,
            "objective": self.objective.spec,
            "space": self.space.spec,
            "recipe": self.recipe.spec,
            "evaluation_seed": self.evaluation_seed,
            "device": self.device.type,
        }

    def request(
        self, architecture: Architecture, *, space: Mapping[str, Any] | None = None
    ) -> Request:
        """Return the request to evaluate an architecture, built by another space if given."""
        return Request(
            **{**self._parts_of_requests, **({} if space is None else {"space": space})},
            architecture=architecture.canonical().to_dict(),
            seed=self.evaluation_seed,
        )

    @cached_property
    def _parts_of_requests(self) -> dict[str, Any]:
        """The parts that all requests have in common."""
        return {
            "task": self.task.request_spec,
            "space": self.space.construction,
            "recipe": self.recipe.request_spec,
            "device": self.device.type,
            "limits": self.task.limits,
            "source": self.task.source,
        }

    def submit(self, sequences: Sequence[Sequence[int]]) -> list[Ticket]:
        """Ask for the children of complete token sequences; never wait for another process.

        Returns:
            A ticket for each, in order; :meth:`completed` returns them as they are answered.
        """
        tickets = self._asked(sequences)
        self._tickets.add(tickets)
        return tickets

    def completed(self, timeout: float | None = None) -> list[Ticket]:
        """Return the submitted tickets that are done; each is returned once.

        Args:
            timeout: Seconds to wait for the first of them; None: as long as it takes.

        Returns:
            At least one ticket, if one is open and the time sufficed, in the order in which they
            were done.
        """
        if timeout != 0 and not self._tickets.done:
            self.evaluator.pass_time()
        return self._tickets.completed(timeout)

    def evaluate(self, sequences: Sequence[Sequence[int]]) -> list[tuple[Architecture, Evaluation]]:
        """Evaluate complete token sequences as one batch; return architectures and evaluations."""
        return [(ticket.architecture, ticket.evaluation) for ticket in self._asked(sequences)]

    def _asked(self, sequences: Sequence[Sequence[int]]) -> list[Ticket]:
        """Return a ticket for each sequence; what a function answers is done at once."""
        architectures = [self.space.decode(tokens) for tokens in sequences]
        if (answers := self.answers_at_once) is not None:
            futures = [answered(found) for found in answers.evaluations(sequences)]
        else:
            futures = self.evaluator.submit_batch([self.request(a) for a in architectures])
        first, self._asked_for = self._asked_for, self._asked_for + len(futures)
        numbered = enumerate(zip(sequences, architectures, futures, strict=True), first)
        return [Ticket(n, tuple(tokens), made, future) for n, (tokens, made, future) in numbered]

    def announce(self, sequences: Sequence[Sequence[int]]) -> None:
        """Announce complete token sequences that will be evaluated soon: workers may begin."""
        if not self.answers_at_once:
            self.evaluator.announce(self.request(self.space.decode(s)) for s in sequences)

    def seconds(self, tokens: Sequence[int], request: Request) -> float | None:
        """Return the seconds of an evaluation, measured or by the function; None if unknown."""
        return total_seconds(self.parts(tokens, request))

    def parts(self, tokens: Sequence[int], request: Request) -> dict[str, float]:
        """Return the seconds of each part of an evaluation; empty if they are unknown.

        Returns:
            The measured seconds of ``"build"`` (with reading the data, the first time in a
            process), ``"train"``, ``"validate"`` and ``"store"``; or ``"train"`` by the function.
        """
        if (answers := self.answers_at_once) is not None:
            seconds = float(answers.seconds([tokens])[0])
            return {} if np.isnan(seconds) else {"train": seconds}
        evaluation = self.evaluator.known(request)
        if evaluation is None:
            return {}
        stored = self.evaluator.kept  # a request's key takes a while
        kept = stored.get(request.key) if stored else None
        return {**evaluation.seconds, **({"store": kept} if kept else {})}

    def pieces(self, request: Request) -> int:
        """Return the parts in which each batch of a child was trained; 1 if that is unknown."""
        kept = None if self.answers_at_once else self.evaluator.known(request)
        return 1 if kept is None else kept.pieces

    def verify_data(self) -> None:
        """Check that the task's data is there, whole, and fits the task; or its function.

        Raises:
            DataNotFound: If files are missing; the message says which, where, and how to get them.
            DataCorrupt: If a file is not the published one; the message names its checksum.
            DataInvalid: If the data does not fit; the message says what was found and expected.
        """
        self.task.verify()
        _ = self.answers  # making them tries the function
        if not self.answers_at_once:
            self.evaluator.prepare({**self.task.request_spec, **self.task.source})

    def verify_space(self) -> None:
        """Check that networks of the space read what the task has.

        Raises:
            InvalidValue: If they do not, as recurrent cells for images.
        """
        if not self.task.trains:
            return
        task = cast("TrainingTask", self.task)
        inputs, names = self.space.input_names, f"space {self.space.name} does not fit {task.name}"
        if (len(inputs) == 1) != bool(task.input_shape):  # a language model reads its state as well
            examples = f"examples of shape {task.input_shape}" if task.input_shape else "a text"
            raise InvalidValue(f"{names}: it reads {' and '.join(inputs)}, the task has {examples}")

    def close(self) -> None:
        """Stop the evaluator and close the store."""
        self.evaluator.close()
        self.store.close()


def total_seconds(parts: Mapping[str, float]) -> float | None:
    """Return the seconds of all parts of an evaluation; None if they are unknown."""
    return sum(parts.values()) if parts else None

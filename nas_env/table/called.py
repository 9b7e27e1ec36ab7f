"""A function of a user's own: called with many sequences, and its answer checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nas_env.errors import InvalidValue, NASError, UnknownName
from nas_env.table.format import Split
from nas_env.table.function import COSTS, Figures, Function
from search_spaces import SearchSpace

Call = Callable[..., Mapping[str, Any]]
PREFIXES = ("validation_", "test_")  # of a metric's name
SIZES = ("parameters", "flops")  # whole numbers; the others may be fractions


@dataclass(frozen=True, eq=False)
class Called(Function):
    """The answers of a Python function: ``function(tokens) -> {metric name: array (m,)}``.

    Attributes:
        name: Name in messages.
        space: Search space of the sequences.
        call: The function. It also gets ``fidelity=`` if there are fidelities, and ``seed=`` (None
            for the mean) if it is noisy.
        metric: Name of the main metric among the function's answers.
        maximise: Whether more of it is better.
        fidelities: Fidelities that may be asked for, the highest last; empty if there is one.
        noisy: Whether there is noise with a seed.
        optima: The best value of the main metric, free of noise, at the highest fidelity, by split.
    """

    name: str
    space: SearchSpace
    call: Call = field(repr=False)
    metric: str
    maximise: bool = True
    fidelities: tuple[int, ...] = ()
    noisy: bool = False
    optima: Mapping[Split, float] = field(default_factory=dict)

    def measure(self, tokens: np.ndarray, fidelity: int = 0, seed: int | None = None) -> Figures:
        """Call the function, check its answer, and leave the test metric out."""
        answer = self._answer(tokens, fidelity, seed)
        return Figures({n: v for n, v in answer.items() if not n.startswith("test_")})

    def optimum(self, split: Split, fidelity: int = 0, seed: int | None = None) -> float | None:
        """Return the optimum that was stated."""
        highest = not self.fidelities or fidelity in (0, self.fidelities[-1])
        return self.optima.get(split) if highest and seed is None else None

    def test(self, tokens: np.ndarray) -> np.ndarray | None:
        """Return the test metric at the highest fidelity, free of noise."""
        return self._answer(tokens, 0, None).get(self.test_metric)

    def _answer(self, tokens: np.ndarray, fidelity: int, seed: int | None) -> dict[str, np.ndarray]:
        keywords = self._keywords(fidelity, seed)
        try:
            answer = self.call(tokens.copy(), **keywords)  # which it may change
        except NASError:  # its data is missing, for example
            raise
        except Exception as error:
            text = (str(error).splitlines() or [""])[0]
            raise self._wrong(f"fails: {type(error).__name__}: {text}") from error
        if not isinstance(answer, Mapping):
            raise self._wrong(f"returns a {type(answer).__name__}, expected a mapping of arrays")
        if self.metric not in answer:
            raise self._wrong(f"returns {_listing(answer)}, expected {self.metric} among them")
        return {name: self._checked(name, answer[name], len(tokens)) for name in answer}

    def _keywords(self, fidelity: int, seed: int | None) -> dict[str, Any]:
        if fidelity and fidelity not in self.fidelities:
            expected = f"one of {list(self.fidelities)}" if self.fidelities else "0, the only one"
            raise InvalidValue(f"{self.name} has no fidelity {fidelity}, expected {expected}")
        if seed is not None and not self.noisy:
            raise InvalidValue(f"noise is 'sample', but {self.name} has no noise")
        by_fidelity = {"fidelity": fidelity or self.fidelities[-1]} if self.fidelities else {}
        return {**by_fidelity, **({"seed": seed} if self.noisy else {})}

    def _checked(self, name: str, values: Any, count: int) -> np.ndarray:
        """Return one of the answers as an array of the right type."""
        if not isinstance(name, str) or not (name in COSTS or name.startswith(PREFIXES)):
            raise UnknownName(f"answer of {self.name}", str(name), (self.metric, *COSTS))
        array = np.asarray(values)
        if array.shape != (count,):
            raise self._wrong(f"returns {name} of shape {array.shape}, expected ({count},)")
        kinds, expected = ("iu", "whole numbers") if name in SIZES else ("iuf", "numbers")
        if array.dtype.kind not in kinds:
            raise self._wrong(f"returns {name} of type {array.dtype}, expected {expected}")
        return array.astype(np.int64 if name in SIZES else np.float64)

    def _wrong(self, what: str) -> InvalidValue:
        return InvalidValue(f"{self.name} {what}")


def _listing(answer: Mapping[Any, Any]) -> str:
    return ", ".join(map(str, answer)) or "nothing"

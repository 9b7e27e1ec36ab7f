"""An evaluator that trains nothing, and a space in which choices close others, to play agents."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nas_env.evaluation import Evaluator
from nas_env.evaluation._tickets import answered
from nas_env.metrics import VALIDATION_ACCURACY
from nas_env.records import Evaluation, Request
from search_spaces.convolutional import ConvolutionalSpace


class Formula(Evaluator):
    """Gives each architecture a validation accuracy that only depends on it, and looks random."""

    def _train(self, request: Request) -> Future[Evaluation]:
        accuracy = request.child_seed % 1_000 / 1_000
        return answered(Evaluation("ok", {VALIDATION_ACCURACY.name: accuracy}))


@dataclass(frozen=True)
class NoRepeats(ConvolutionalSpace):
    """No decision of three options takes the token of the decision before."""

    construction_fields: ClassVar[tuple[str, ...]] = ConvolutionalSpace.construction_fields

    def open_mask(self, tokens: np.ndarray) -> np.ndarray:
        """Close the token of the decision before."""
        mask, index = super().open_mask(tokens), tokens.shape[1]
        if index and len(self.decisions[index].options) == 3:
            mask[np.arange(len(tokens)), tokens[:, -1]] = False
        return mask

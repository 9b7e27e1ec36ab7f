"""Penn Treebank by characters, to which the paper transfers the cell it found on words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from nas_env.tasks._language import SHORT, Split
from nas_env.tasks._penn_treebank import PennTreebankFiles
from nas_env.training.language_recipe import LanguageRecipe
from nas_env.training.recipe import Recipe

#: Parameters and embedding of the paper's smaller pair of character models (section 4.2): its
#: 6.57 million are those of an LSTM of 716 units; a base-8 cell has 501.
SIZE = {"parameters": 6_572_170, "embedding": 128}


@dataclass(frozen=True)
class PennTreebankCharacters(PennTreebankFiles):
    """Penn Treebank by characters, ``_`` for the blank.

    5,017,482 to train on, 393,042 to validate, 442,423 to test, ``<eos>`` after each sentence; 50
    different ones. The files ``ptb.char.train.txt``, ``ptb.char.valid.txt`` and
    ``ptb.char.test.txt`` lie in the data folder (``NAS_DATA``). Reports have bits per character,
    log2 of the perplexity.

    Attributes:
        train_size: Characters of the training text to keep, from its beginning; None for all.
        validation_size: Characters of the validation text to keep, likewise; None for all.
    """

    version: ClassVar[int] = 0
    #: With 1 as the scale, the reward is 2^(-2 bits per character).
    objective: ClassVar[str | Mapping[str, Any]] = {"name": "inverse_square", "scale": 1.0}
    outputs: ClassVar[int] = 50
    of_characters: ClassVar[bool] = True
    files: ClassVar[Mapping[Split, str]] = {
        "train": "ptb.char.train.txt",
        "validation": "ptb.char.valid.txt",
        "test": "ptb.char.test.txt",
    }
    counts: ClassVar[Mapping[Split, int]] = {
        "train": 5_017_482,
        "validation": 393_042,
        "test": 442_423,
    }
    recipes: ClassVar[Mapping[str, Recipe]] = {
        "laptop": replace(SHORT, steps=25, symbols=40_000, validation_symbols=30_000),
        "short": replace(SHORT, steps=25, symbols=100_000),
        "paper": LanguageRecipe(
            epochs=35,
            batch_size=32,
            steps=100,
            loss="mean",
            optimiser="adam",
            learning_rate=0.001,
            decay_factor=1.0,
            weight_decay=1e-4,
        ),
    }
    default_recipes: ClassVar[Mapping[str, str]] = {"cpu": "laptop", "cuda": "paper"}
    environments: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "NAS-PTBChar-v0": {"space": {"name": "recurrent_cell", **SIZE, "dropout": 0.2}}
    }

"""Penn Treebank by words, the paper's language task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from nas_env.tasks._language import SHORT, Split
from nas_env.tasks._penn_treebank import PennTreebankFiles
from nas_env.training.language_recipe import LanguageRecipe
from nas_env.training.recipe import Recipe

ZAREMBA_MEDIUM = LanguageRecipe()


@dataclass(frozen=True)
class PennTreebank(PennTreebankFiles):
    """Penn Treebank (Marcus et al. 1993) by words, in Mikolov's preprocessing.

    929,589 words to train on, 73,760 to validate, 82,430 to test, ``<eos>`` after each sentence;
    10,000 different words (section 4.2). The files ``ptb.train.txt``, ``ptb.valid.txt`` and
    ``ptb.test.txt`` lie in the data folder (``NAS_DATA``); they are not part of this package.

    Attributes:
        train_size: Words of the training text to keep, from its beginning; None for all.
        validation_size: Words of the validation text to keep, likewise; None for all.
    """

    version: ClassVar[int] = 0
    outputs: ClassVar[int] = 10_000
    files: ClassVar[Mapping[Split, str]] = {
        "train": "ptb.train.txt",
        "validation": "ptb.valid.txt",
        "test": "ptb.test.txt",
    }
    counts: ClassVar[Mapping[Split, int]] = {
        "train": 929_589,
        "validation": 73_760,
        "test": 82_430,
    }
    recipes: ClassVar[Mapping[str, Recipe]] = {
        "laptop": replace(SHORT, symbols=19_000, validation_symbols=10_000),
        "short": replace(SHORT, symbols=60_000),
        "paper": replace(ZAREMBA_MEDIUM, epochs=35),
        "zaremba_medium": ZAREMBA_MEDIUM,
    }
    default_recipes: ClassVar[Mapping[str, str]] = {"cpu": "laptop", "cuda": "paper"}
    environments: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "NAS-PTB-v0": {"space": {"name": "recurrent_cell"}}
    }

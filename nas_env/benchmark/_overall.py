"""All environments together: scores that can be averaged, and the tests on them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nas_env.benchmark._page import bounded, table
from nas_env.benchmark._plots import fewest_seeds, name_of
from nas_env.benchmark._statistics import bootstrap, caution, improvement, interquartile_mean
from nas_env.benchmark._study import Study
from nas_env.benchmark._verdict import code


def normalised(study: Study, label: str) -> np.ndarray:
    """Return a score for each search: 0 is random search's mean regret, 1 is the optimum."""
    baseline = float(study.regret(_final(study, study.control or "")).mean())
    return 1 - study.regret(_final(study, label)) / baseline


def comparable(studies: Sequence[Study]) -> list[Study]:
    """Return the studies that can be averaged: random search falls short of a known optimum."""
    return [
        study
        for study in studies
        if study.optimum is not None
        and study.control is not None
        and study.regret(_final(study, study.control)).mean() > 0
    ]


def overall(studies: Sequence[Study]) -> str | None:
    """Return the section on all environments; None if fewer than two can be averaged."""
    chosen = comparable(studies)
    if len(chosen) < 2:
        return None
    everywhere = set.intersection(*(set(study.runs) for study in chosen))
    others = sorted(label for label in everywhere if label != chosen[0].control)
    rows = []
    for label in others:
        strata = [normalised(study, label) for study in chosen]
        control = [normalised(study, study.control or "") for study in chosen]
        score = bootstrap(strata, interquartile_mean)
        rows.append((score.value, [code(label), bounded(score), _chance(strata, control)]))
    ordered = [row for _, row in sorted(rows, key=lambda row: -row[0])]
    names = ", ".join(f"{name_of(study)} ({study.amount} {study.counted})" for study in chosen)
    return "\n\n".join(
        [
            "## All environments",
            f"{names}. Score: 0 is the mean regret of random search, 1 the optimum; interquartile "
            "mean over all searches, with stratified bootstrap intervals (Agarwal et al. 2021). "
            + caution(min(map(fewest_seeds, chosen))),
            table(["agent", "score (IQM)", "P(improvement over random search)"], ordered),
        ]
    )


def _final(study: Study, label: str) -> np.ndarray:
    return study.runs[label].value[:, -1]


def _chance(strata: Sequence[np.ndarray], control: Sequence[np.ndarray]) -> str:
    return bounded(improvement(strata, control))

"""The page of a benchmark: what was measured, in tables and in words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from math import isnan

import numpy as np

from nas_env.benchmark._plots import fewest_seeds, name_of, seeds_of, unit_of
from nas_env.benchmark._statistics import Interval, caution, difference, iqm_interval, mean_interval
from nas_env.benchmark._study import EXACT, Study
from nas_env.benchmark._verdict import against_control, by_rank, code, paragraph, wins

#: The searches without learning that no comparison should leave out.
RIVALS = ("evolution", "local_search")
SIGNS = {1: "+", -1: "−", 0: "·"}
WORDS = {1: "better", -1: "worse", 0: "no difference shown"}


def section(study: Study, marks: Sequence[int], pictures: Mapping[str, str]) -> str:
    """Write the section on one environment and budget.

    Args:
        study: The searches that were played.
        marks: Places of the budget, ascending; the verdict is on the last.
        pictures: The file of each picture, by its caption.
    """
    last = marks[-1]
    parts = [
        f"## {name_of(study)}, {study.amount} {study.counted}",
        paragraph(study, last),
        *(f"![{what}]({file})" for what, file in pictures.items()),
        f"### {study.quantity[0].upper()}{study.quantity[1:]}",
        _explained(study),
        _values(study, marks),
    ]
    if study.optimum is not None:
        parts += ["### Regret", _regrets(study, marks)]
    if against_control(study, last):
        parts += [f"### Against random search, at {last}", _against(study, last)]
    if rivals := [label for label in study.runs if label.startswith(RIVALS)]:
        parts += [f"### Against the strong controls, at {last}", _rivals(study, rivals, last)]
    if len(study.runs) > 2:
        parts += [f"### Every pair of agents, at {last}", _wins(study, last)]
    parts += ["### What it costs", _costs(study), "### How to repeat it", _repeat(study)]
    return "\n\n".join(parts)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table in Markdown.

    Example:
        >>> print(table(["a", "b"], [["1", "2"]]))
        | a | b |
        |---|---|
        | 1 | 2 |
    """
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(
        f"|{'|'.join(line)}|" if line[0] == "---" else f"| {' | '.join(line)} |" for line in lines
    )


def plus_minus(interval: Interval, decimals: int = 2) -> str:
    """Write a mean with half the width of its interval.

    Example:
        >>> plus_minus(Interval(1.0, 0.9, 1.1))
        '1.00 ± 0.10'
    """
    value = f"{interval.value:.{decimals}f}"
    return value if isnan(interval.low) else f"{value} ± {interval.half:.{decimals}f}"


def bounded(interval: Interval, decimals: int = 2) -> str:
    """Write an estimate with its bounds, which need not lie evenly around it."""
    value = f"{interval.value:.{decimals}f}"
    if isnan(interval.low):
        return value
    return f"{value} [{interval.low:.{decimals}f}, {interval.high:.{decimals}f}]"


def _explained(study: Study) -> str:
    return (
        f"The {study.reported} metric of the architecture with the best validation metric so far: "
        f"mean over {seeds_of(study)} seeds ± half its 95% interval (Student's t). IQM: "
        "interquartile mean with its 95% bootstrap interval. " + caution(fewest_seeds(study))
    ).rstrip()


def _values(study: Study, marks: Sequence[int]) -> str:
    digits = study.decimals
    rows = [
        [code(label), str(len(study.runs[label].seeds))]
        + [plus_minus(mean_interval(study.runs[label].value[:, m - 1]), digits) for m in marks]
        + [bounded(iqm_interval(study.runs[label].value[:, marks[-1] - 1]), digits)]
        for label in by_rank(study, marks[-1])
    ]
    if study.exact is not None:
        rows.append([EXACT, "all", *(f"{study.exact[m - 1]:.{digits}f}" for m in marks), ""])
    header = ["agent", "seeds", *(f"at {m}" for m in marks), f"IQM at {marks[-1]}"]
    return table(header, rows)


def _regrets(study: Study, marks: Sequence[int]) -> str:
    rows, digits = [], max(3, study.decimals)
    for label in by_rank(study, marks[-1]):
        regret = study.regret(study.runs[label].value)
        cells = [plus_minus(mean_interval(regret[:, m - 1]), digits) for m in marks]
        rows.append([code(label), *cells, bounded(iqm_interval(regret[:, marks[-1] - 1]), digits)])
    if study.exact is not None:
        regret = study.regret(study.exact)
        rows.append([EXACT, *(f"{regret[m - 1]:.{digits}f}" for m in marks), ""])
    header = ["agent", *(f"at {m}" for m in marks), f"IQM at {marks[-1]}"]
    text = f"The optimum is {study.optimum:.{study.decimals}f}."
    if study.perfect is not None and study.reported == "test":
        text += (
            f" The architecture with the best validation metric has {study.perfect:.2f}, a regret "
            f"of {study.regret(study.perfect):.3f}: a search that has seen the whole table ends "
            "there."
        )
    return f"{text}\n\n{table(header, rows)}"


def _against(study: Study, mark: int) -> str:
    compared = against_control(study, mark)
    rows = [
        [
            code(label),
            plus_minus(compared[label].difference, study.decimals),
            bounded(compared[label].improvement),
            f"{compared[label].p:.2g}",
            WORDS[compared[label].verdict],
        ]
        for label in by_rank(study, mark)
        if label in compared
    ]
    header = ["agent", "difference (Welch)", "P(improvement)", "p (Holm)", "verdict"]
    return table(header, rows)


def _rivals(study: Study, rivals: Sequence[str], mark: int) -> str:
    """Write the difference of each agent from evolution and hill climbing."""
    scores = {label: study.score(label, mark) for label in study.runs}
    rows = [
        [
            code(label),
            *(
                plus_minus(difference(scores[label], scores[rival]), study.decimals)
                if rival != label
                else ""
                for rival in rivals
            ),
        ]
        for label in by_rank(study, mark)
    ]
    note = "Difference of the means ± half its 95% interval (Welch)."
    header = ["agent", *(f"minus {code(rival)}" for rival in rivals)]
    return f"{note}\n\n{table(header, rows)}"


def _wins(study: Study, mark: int) -> str:
    verdicts, ranked = wins(study, mark), by_rank(study, mark)
    rows = []
    for number, label in enumerate(ranked, start=1):
        cells = [SIGNS[verdicts[label, o]] if o != label else "" for o in ranked]
        won, lost = cells.count(SIGNS[1]), cells.count(SIGNS[-1])
        rows.append([f"{number} {code(label)}", *cells, f"{won}–{lost}"])
    header = ["row against column", *map(str, range(1, len(ranked) + 1)), "won–lost"]
    note = (
        "`+`: the row's agent is better, `−`: worse, `·`: no significant difference (Mann & "
        "Whitney, two-sided 5%, Holm's correction over all pairs)."
    )
    return f"{note}\n\n{table(header, rows)}"


def _costs(study: Study) -> str:
    total = {label: runs.seconds[:, -1] for label, runs in study.runs.items()}
    unit, name = unit_of(max((t for s in total.values() for t in s if t == t), default=0.0))
    rows = []
    for label in by_rank(study, study.amount):
        runs, known = study.runs[label], not np.isnan(total[label]).any()
        time = f"{total[label].mean() / unit:.2f}" if known else "unknown"
        distinct = f"{runs.distinct[:, -1].mean():.1f}"
        rows.append([code(label), distinct, time, plus_minus(mean_interval(runs.wall))])
    header = ["agent", "distinct architectures", f"simulated {name}", "ms an episode"]
    note = (
        "Milliseconds an episode are those of agent and environment together, on one thread, with "
        "whatever else the machine was doing."
    )
    return f"{note}\n\n{table(header, rows)}"


def _repeat(study: Study) -> str:
    seeds = sorted({seed for runs in study.runs.values() for seed in runs.seeds})
    agents = " ".join(sorted(label.removesuffix("-u") for label in study.runs))
    words = [
        f"nas-benchmark run --environments {study.environment} --agents {agents}",
        f"--seeds {seeds[-1] - seeds[0] + 1} --episodes {study.amount}",
    ]
    if seeds[0]:
        words.append(f"--first-seed {seeds[0]}")
    if study.budget.kind != "episodes":
        words.append(f"--budget {study.budget.kind}")
    if study.make:
        words.append(f"--make '{json.dumps(dict(study.make))}'")
    packages = ", ".join(f"{name} {version}" for name, version in study.versions.items())
    return f"Seeds {seeds[0]} to {seeds[-1]}; {packages}.\n\n```sh\n{' '.join(words)}\n```"

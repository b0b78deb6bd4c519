"""Measure answers against labelled questions: how good they are, and how sure one can be of that.

One JSON object a line: `{"question", "lang", "gold": [[file stem, position], …]}`; `position` counts a
thread's comments from 1, `gold` lists every comment that answers, an empty list says that none does.

The sums are those of ir-measures (https://ir-measur.es), the intervals and tests scipy's; both come
with the extra `evaluate`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from retrieval import significance
from retrieval.errors import UsageError
from retrieval.types import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from retrieval.generations import Manifest
    from retrieval.significance import Interval
    from retrieval.types import Answer, Language

#: How many comments each question is asked for.
DEPTH = 10
#: What is measured of the questions that can be answered, by ir-measures' names.
MEASURES = {
    "hit@1": "Success@1",
    "hit@5": "Success@5",
    "MRR@10": "RR@10",
    "nDCG@10": "nDCG@10",
    "recall@10": "R@10",
}
#: Shares of questions: refused though they can be answered, and refused because they cannot.
FALSE_REFUSALS, REFUSALS = "refused, answerable", "refused, unanswerable"
_SHARES = {"hit@1", "hit@5", FALSE_REFUSALS, REFUSALS}

#: A comment by its thread file's stem and its position.
Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Labelled:
    """One question and the comments that answer it."""

    question: str
    language: Language
    gold: frozenset[Place]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was answered to one labelled question."""

    labelled: Labelled
    #: Question language and that of the threads that answer, e.g. "en → zh"; "en → none" for no gold.
    pair: str
    #: The comments given, best first.
    given: tuple[Place, ...]
    answered: bool
    #: The first one's score, 0 where none was given.
    score: float


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure over several questions."""

    value: float
    #: Over how many questions.
    questions: int
    #: The 95 % confidence interval.
    interval: Interval


@dataclass(frozen=True, slots=True)
class Comparison:
    """One figure under two settings, over the same questions."""

    before: float
    after: float
    #: How likely a difference at least this large is where there is none.
    p: float


def read(lines: Iterable[str]) -> list[Labelled]:
    """Return the labelled questions of a JSON lines file.

    :raises UsageError: If a line is none, naming it.
    """
    found = [_labelled(line, number) for number, line in enumerate(lines, start=1) if line.strip()]
    if not found:
        raise UsageError("There is no question in the file; write one JSON object a line.")
    return found


def _labelled(line: str, number: int) -> Labelled:
    try:
        data = json.loads(line)
        gold = frozenset((str(stem), int(position)) for stem, position in data["gold"])
        language = data["lang"]
        if language not in LANGUAGES:
            raise ValueError(language)  # noqa: TRY301 - one sentence for all that can be wrong with a line
        return Labelled(str(data["question"]), language, gold)
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"Line {number} is no labelled question ({type(error).__name__}: {error}); write "
            '{"question": "…", "lang": "en" or "zh", "gold": [["file stem", position], …]}.'
        ) from error


def run(
    questions: Iterable[Labelled], answer: Callable[[Labelled], Answer], manifest: Manifest
) -> list[Outcome]:
    """Ask every question and return what came of it."""
    languages = {
        PurePath(entry.path).stem: "+".join(name for name in LANGUAGES if getattr(entry, name))
        for entry in manifest.threads
    }
    return [_outcome(labelled, answer(labelled), languages) for labelled in questions]


def _outcome(labelled: Labelled, answer: Answer, languages: Mapping[str, str]) -> Outcome:
    spoken = {name for stem, _ in labelled.gold for name in languages.get(stem, "?").split("+")}
    to = "+".join(name for name in (*LANGUAGES, "?") if name in spoken) or "none"
    return Outcome(
        labelled,
        f"{labelled.language} → {to}",
        tuple((PurePath(found.path).stem, found.comment.position) for found in answer.excerpts),
        answer.answered,
        answer.excerpts[0].score if answer.excerpts else 0.0,
    )


def per_question(outcomes: Sequence[Outcome]) -> dict[str, dict[int, float]]:
    """Return each figure's value for each question it is defined for, by the question's place."""
    values: dict[str, dict[int, float]] = _ranking(outcomes)
    for name, answerable in ((FALSE_REFUSALS, True), (REFUSALS, False)):
        values[name] = {
            place: float(not outcome.answered)
            for place, outcome in enumerate(outcomes)
            if bool(outcome.labelled.gold) is answerable
        }
    return values


def _ranking(outcomes: Sequence[Outcome]) -> dict[str, dict[int, float]]:
    measures = _measures()
    asked = {place: outcome for place, outcome in enumerate(outcomes) if outcome.labelled.gold}
    gold = {str(n): {_key(place): 1 for place in one.labelled.gold} for n, one in asked.items()}
    given = {
        str(n): {_key(place): float(-rank) for rank, place in enumerate(one.given)}
        for n, one in asked.items()
    }
    # A question that nothing was given to is not in a run, and has nought of everything.
    values = {name: dict.fromkeys(asked, 0.0) for name in measures}
    names = {measure: name for name, measure in measures.items()}
    import ir_measures

    for found in ir_measures.iter_calc(list(names), gold, given):
        values[names[found.measure]][int(found.query_id)] = float(found.value)
    return values


def _measures() -> dict[str, Any]:
    try:
        import ir_measures
    except ImportError as error:
        raise UsageError(
            "Measuring needs the library ir-measures; install it with `pip install 'threadbot[evaluate]'`."
        ) from error
    return {name: ir_measures.parse_measure(code) for name, code in MEASURES.items()}


def _key(place: Place) -> str:
    return f"{place[0]}#{place[1]}"


def report(outcomes: Sequence[Outcome]) -> dict[str, dict[str, Measured]]:
    """Return every figure over all questions, then by language pair; figures of no question are left out."""
    values = per_question(outcomes)
    groups = {"all": set(range(len(outcomes)))}
    for place, outcome in enumerate(outcomes):
        groups.setdefault(outcome.pair, set()).add(place)
    return {
        group: {
            name: _measured(name, [value for place, value in found.items() if place in places])
            for name, found in values.items()
            if not places.isdisjoint(found)
        }
        for group, places in sorted(groups.items(), key=lambda pair: (pair[0] != "all", pair[0]))
    }


def _measured(name: str, values: Sequence[float]) -> Measured:
    interval = significance.of_share(values) if name in _SHARES else significance.of_mean(values)
    return Measured(sum(values) / len(values), len(values), interval)


def compare(before: Sequence[Outcome], after: Sequence[Outcome]) -> dict[str, Comparison]:
    """Return every figure under two settings, with a paired test.

    :raises ValueError: If the outcomes are not of the same questions.
    """
    if [one.labelled for one in before] != [one.labelled for one in after]:
        raise ValueError(f"not the same questions: {len(before)} and {len(after)} of them")
    old, new = per_question(before), per_question(after)
    return {
        name: Comparison(
            sum(old[name].values()) / len(old[name]),
            sum(new[name].values()) / len(new[name]),
            significance.paired(
                list(old[name].values()), [new[name][place] for place in old[name]], shares=name in _SHARES
            ),
        )
        for name in old
        if old[name]
    }


def table(groups: Mapping[str, Mapping[str, Measured]]) -> str:
    """Return a report as a text table, one block per group."""
    lines: list[str] = []
    for group, figures in groups.items():
        lines.append(group)
        lines += [
            f"  {name:22} {one.value:6.3f}   {one.interval.low:.3f} – {one.interval.high:.3f}"
            f"   ({one.questions})"
            for name, one in figures.items()
        ]
    return "\n".join(lines)


def comparison_table(figures: Mapping[str, Comparison]) -> str:
    """Return a comparison as a text table."""
    head = f"{'':24} {'before':>7} {'after':>7} {'change':>8} {'p':>7}"
    rows = (
        f"{name:24} {one.before:7.3f} {one.after:7.3f} {one.after - one.before:+8.3f} {one.p:7.3f}"
        for name, one in figures.items()
    )
    return "\n".join([head, *rows])


def to_json(groups: Mapping[str, Mapping[str, Measured]]) -> dict[str, dict[str, dict[str, object]]]:
    """Return a report as JSON values."""
    return {group: {name: asdict(one) for name, one in figures.items()} for group, figures in groups.items()}


def comparison_to_json(figures: Mapping[str, Comparison]) -> dict[str, dict[str, float]]:
    """Return a comparison as JSON values."""
    return {name: asdict(one) for name, one in figures.items()}

"""Finds the column of labels in a table, and the meaning of each of its values.

A value is a word ("Positive", "rotten"), a number on a scale that the whole column shows (0 and 1, stars, percent), or
a number that names its scale ("4 stars", "9/10"). A value with several plausible meanings is left out.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sentiment.tables.empty_words import is_empty_word
from sentiment.tables.errors import FileError
from sentiment.tables.names import name_words, plain, words_of
from sentiment.tables.sampling import Cells, usable_rows

Meaning = Literal["positive", "negative", "neutral", "empty", "unknown"]

LABELS: dict[str, int | None] = {"positive": 1, "negative": 0}  # of the other meanings: None

_LONGEST = 60  # characters; a longer value is not a label
_ODD = 4  # one in so many different numbers may be off the scale
_KNOWN = 0.75  # least share of a label column's rows whose meaning is known


@dataclass(frozen=True, slots=True)
class _Scale:
    """A scale of numbers: its ends, the highest negative and the lowest positive number."""

    low: float
    high: float
    negative: float
    positive: float
    whole: bool = True

    def __contains__(self, number: float) -> bool:
        return self.low <= number <= self.high and not (self.whole and number % 1)

    def holds(self, numbers: set[float]) -> bool:
        """Returns whether all numbers are on the scale."""
        return all(number in self for number in numbers)

    def ends_in(self, numbers: set[float]) -> bool:
        """Returns whether both ends are among the numbers."""
        return {self.low, self.high} <= numbers

    def read(self, number: float) -> Meaning:
        """Returns the meaning of a number."""
        if number not in self:
            return "unknown"
        if self is _STARS and number == 0:  # not rated
            return "empty"
        return "negative" if number <= self.negative else "positive" if number >= self.positive else "neutral"


_CLASSES = (
    _Scale(0, 1, 0, 1),
    _Scale(1, 2, 1, 2),
    _Scale(-1, 1, -1, 1),
    _Scale(0, 2, 0, 2),
    _Scale(1, 3, 1, 3),
    _Scale(0, 4, 1, 3),
)
_FRACTION = _Scale(0, 1, 0.39, 0.61, whole=False)
_SIGNED = _Scale(-1, 1, -0.2, 0.2, whole=False)
_STARS = _Scale(0, 5, 2, 4, whole=False)
_SEVEN = _Scale(1, 7, 3, 5)
_MARKS = _Scale(0, 10, 4, 7, whole=False)
_PERCENT = _Scale(0, 100, 40, 70, whole=False)
_OUT_OF = {3: _Scale(0, 3, 1, 3), 4: _Scale(0, 4, 1.5, 3, whole=False), 5: _STARS, 10: _MARKS, 100: _PERCENT}


# Words that say by themselves that a column holds sentiment, and those that do so only under a usual name.
_SENTIMENT: dict[Meaning, re.Pattern[str]] = {
    "positive": re.compile(r"pos|po[sz][iy]t[iy]{1,2}e?[vfw]\w{0,4}|позитивн\w{0,3}|положительн\w{0,3}"),
    "negative": re.compile(r"neg|negat[iy]{1,2}e?[vfw]\w{0,4}|негативн\w{0,3}|отрицательн\w{0,3}"),
    "neutral": re.compile(r"neu|neutr\w{0,6}|netral|notr|неитральн\w{0,3}"),
}
_SURE: dict[Meaning, frozenset[str]] = {
    "positive": words_of(
        "fresh, certified fresh, recommended, recommends, thumbs up, 👍, 正面, 积极, 긍정, ポジティブ, إيجابي"
    ),
    "negative": words_of(
        "rotten, not recommended, does not recommend, unrecommended, thumbs down, 👎, 负面, 消极, 부정, ネガティブ, "
        "سلبي"
    ),
    "neutral": words_of("中性, 중립, محايد"),
}
_NAMED: dict[Meaning, frozenset[str]] = {
    "positive": words_of(
        "good, great, excellent, best, amazing, yes, true, like, liked, love, loved, happy, satisfied, favorable, "
        "favourable, promoter, up, sí, oui, ja, sim, да, bueno, buena, bom, boa, bon, gut"
    ),
    "negative": words_of(
        "bad, not good, poor, terrible, awful, worst, horrible, no, false, dislike, disliked, hate, hated, unhappy, "
        "not happy, dissatisfied, unsatisfied, not satisfied, unfavorable, unfavourable, detractor, down, non, nein, "
        "não, нет, malo, mala, mau, ruim, mauvais, schlecht"
    ),
    "neutral": words_of(
        "mixed, irrelevant, average, fair, ok, okay, so so, passive, neither, both, other, unknown, unsup, unlabeled, "
        "unlabelled, conflict, ambivalent, mixto, mixte, misto, gemischt"
    ),
}
_ADVERB = re.compile(
    r"(?:very|extremely|strongly|highly|mostly|overwhelmingly|somewhat|slightly|weakly|muy|tres|sehr|molto|muito) "
)
_NOUN = re.compile(r"(?<=ive|ral) (?:emotion|sentiment|review|feedback|experience)$")  # "positive review"
_PREFIX = re.compile(r"_*label[_ ]+(?=\S)")  # fastText's "__label__2", "LABEL_0"

_NUMERAL = r"[+-]?(?:\d+(?:\.\d+|,\d\d?)?|[.,]\d+)"  # "1,000" is not 1
_NUMBER = re.compile(_NUMERAL)
_UNSIGNED = _NUMERAL.removeprefix("[+-]?")
_BEFORE, _AFTER = r"(?:[^\W\d]+[:\s]\s*){0,2}", r"(?:\s*[^\W\d]+){0,2}\W{0,2}"
_STAR = (
    r"(?:stars?|sterren|sterne?n?|etoiles?|estrellas?|estrelas?|stelle|stella|звезд\w*|tahtea|stjerner|stjarnor|gwiazd\w*"
    r"|yildiz|星|★|⭐)"
)
_RATIO = re.compile(rf"{_BEFORE}\(?({_UNSIGNED})\s*(?:/|out of|of|von|sur|de|su|di|из)\s*(\d+)\)?(?:[.,]0+)?({_AFTER})")
_STARRED = re.compile(rf"{_BEFORE}({_UNSIGNED})[\s-]*{_STAR}(?: rating)?\W{{0,2}}")
_SIGNS = re.compile(r"([★⭐🌟]+)(\.5)?([☆✩]*)")
_PERCENTAGE = re.compile(rf"({_UNSIGNED})\s*%")
_HALF = re.compile(r"\s*½|(?<=\d)\s+1/2(?!\d)|(?<=\d) and a half")
_NUMERALS = dict(zip(("one", "two", "three", "four", "five"), "12345", strict=True))
_SPELT = re.compile(rf"\b(?:{'|'.join(_NUMERALS)})\b")

_CLASS_NAMES = words_of(
    "sentiment, sentiments, label, labels, polarity, class, target, positive, negative, recommended, recommend, "
    "recommends, recommendation, voted, liked, thumbs, tonality, sentimiento, sentimento, sentimentos, "
    "polaridad, polaridade, stimmung, etiqueta, etiquette, recomienda, recomendado, recomenda, тональность, метка, "
    "情感, 标签, 라벨"
)
_RATING_NAMES = words_of(
    "rating, ratings, star, stars, rate, rated, score, scores, overall, grade, starrating, reviewrating, estrellas, "
    "estrelas, etoiles, sterne, stelle, puntuacion, calificacion, valoracion, pontuacao, avaliacao, nota, voto, "
    "bewertung, note, arvosana, betyg, ocena, hodnoceni, оценка, рейтинг, 评分, 評価, 평점, puan"
)
_OTHER_NAMES = words_of(
    "confidence, id, ids, count, counts, number, num, total, votes, helpful, helpfulness, date, time, url, link, avg, "
    "average, mean, reason, gold, probability, prob, version"
)


@dataclass(frozen=True, slots=True)
class _Number:
    """A number in a value, the end of its scale if the value names it, and whether it counts stars."""

    value: float
    out_of: int | None = None
    stars: bool = False


def label_values(values: Iterable[str], name: str = "") -> dict[str, int | None]:
    """Maps each value of a label column to 1 positive, 0 negative, or None for neither, empty or unknown.

    Args:
        values: the different values of the whole column.
        name: the column's name. Under a name of ratings, numbers that may be stars are not read as classes.
    """
    return {value: LABELS.get(meaning) for value, meaning in value_meanings(values, name).items()}


def value_meanings(values: Iterable[str], name: str = "") -> dict[str, Meaning]:
    """Returns the meaning of each value; see ``label_values``.

    Words are looked up. Numbers are read on the scales that hold them all: those with both ends among the numbers, or
    else every one. Where these disagree, a number is unknown.
    """
    values = list(values)
    numbers = {value: number for value in values if (number := _read_number(_normalise(value)))}
    ordinary = {number.value for number in numbers.values() if number.out_of is None and not number.stars}
    starred = {number.value for number in numbers.values() if number.out_of is None and number.stars}
    scales = _scales(ordinary, rated=_is_rating_name(name)) or _scales_of_most(ordinary, rated=_is_rating_name(name))
    stars = [scale for scale in (_STARS, _MARKS) if scale.holds(starred)][:1]

    def meaning(value: str) -> Meaning:
        number = numbers.get(value)
        if number is None:
            return _word_meaning(value)
        if number.out_of is not None:
            return _OUT_OF[number.out_of].read(number.value)
        return _common_meaning(number.value, stars if number.stars else scales)

    return {value: meaning(value) for value in values}


def parse_labels(text: str) -> dict[str, int | None]:
    """Reads ``good=positive,bad=negative,ok=none``; a value with a comma is quoted, as in CSV.

    Raises:
        FileError: the text has another form, an unknown meaning, or two meanings for one value.
    """
    targets = {**LABELS, "none": None}
    result: dict[str, int | None] = {}
    for part in next(csv.reader([text], skipinitialspace=True), []):
        value, equals, target = part.rpartition("=")
        value, target = value.strip(), target.strip().lower()
        if not equals or not value:
            raise FileError(
                f"“{part}” does not say what a label means; write labels as good=positive,bad=negative,ok=none."
            )
        if target not in targets:
            raise FileError(f"“{target}” is not a meaning of {value}; write positive, negative or none.")
        if result.setdefault(value, targets[target]) != targets[target]:
            raise FileError(f"The label {value} has two meanings; write one.")
    if not result:
        raise FileError("No labels are given; write labels as good=positive,bad=negative,ok=none.")
    return result


def chosen_meanings(guessed: Mapping[str, Meaning], chosen: Mapping[str, int | None]) -> dict[str, Meaning]:
    """Returns the meanings of values as a user chose them; a value that is not listed is unknown, or empty.

    A value is listed if it equals a listed one apart from case, outer spaces and the notation of numbers.

    Args:
        guessed: the meanings from ``value_meanings``, which say why a value is chosen to be left out.
        chosen: the choice, as ``parse_labels`` returns it.
    """
    listed = {_key(value): label for value, label in chosen.items()} | dict(chosen)

    def meaning(value: str) -> Meaning:
        key = value if value in listed else _key(value)
        if key not in listed:
            return "empty" if guessed[value] == "empty" else "unknown"
        if listed[key] is None:
            return "neutral" if guessed[value] in LABELS else guessed[value]
        return "positive" if listed[key] else "negative"

    return {value: meaning(value) for value in guessed}


def guess_label_column(columns: Sequence[str], rows: Sequence[Cells], texts: int | Sequence[int]) -> int | None:
    """Returns the column that holds labels, by its name and its values; None if there is none.

    Args:
        columns: the names.
        rows: the first rows; ragged ones are ignored.
        texts: the positions of the columns of reviews.
    """
    texts = [texts] if isinstance(texts, int) else texts
    rows = usable_rows(columns, rows)
    ranked = []
    for i, name in enumerate(columns):
        cells = [cell for row in rows if i < len(row) and (cell := row[i] or "").strip()]
        if i not in texts and (rank := _label_rank(name, cells)) is not None:
            ranked.append((rank, "review" not in name_words(name), i))  # not a label of the film or the author
    return min(ranked)[-1] if ranked else None


def says_sentiment(value: str) -> bool:
    """Returns whether a value is a sentiment word or a number of stars, whatever its column is called."""
    word = _normalise(value)
    number = _read_number(word)
    if number is not None:
        return number.stars
    word = _core(word)
    return any(pattern.fullmatch(word) for pattern in _SENTIMENT.values()) or any(word in w for w in _SURE.values())


def is_label_name(name: str) -> bool:
    """Returns whether a name is one that columns of labels usually have."""
    return _is_class_name(name) or _is_rating_name(name)


def _label_rank(name: str, cells: Sequence[str]) -> int | None:
    """Returns how surely a column holds labels, 0 being most; None if it does not."""
    if _is_class_name(name):
        rank = 0
    elif all(says_sentiment(cell) or is_empty_word(cell) for cell in cells):
        rank = 1
    elif _is_rating_name(name):
        rank = 2
    else:
        return None
    return rank if _meaningful_share(cells, value_meanings(set(cells), name)) >= _KNOWN else None


def _meaningful_share(cells: Sequence[str], meanings: Mapping[str, Meaning]) -> float:
    """Returns the share of the cells with a known meaning, empty ones aside; 0 if none is positive or negative."""
    found = [meaning for cell in cells if (meaning := meanings[cell]) != "empty"]
    if not {"positive", "negative"} & set(found):
        return 0.0
    return sum(meaning != "unknown" for meaning in found) / len(found)


def _is_class_name(name: str) -> bool:
    words = name_words(name)
    return words == ["y"] or _is_named(words, _CLASS_NAMES)


def _is_rating_name(name: str) -> bool:
    words = name_words(name)
    return _is_named(words, _RATING_NAMES) and not _is_named(words, _CLASS_NAMES)


def _is_named(words: Sequence[str], names: frozenset[str]) -> bool:
    """Returns whether one of the words is a name, and none makes it something about labels, such as their number."""
    return not names.isdisjoint(words) and _OTHER_NAMES.isdisjoint(words)


def _normalise(value: str) -> str:
    """Returns a value in the form that is looked up."""
    if len(value) > _LONGEST:
        return ""
    value = _HALF.sub(".5", value.casefold().replace("\ufe0f", "").replace("\u2212", "-"))
    word = plain(value).strip()
    return _SPELT.sub(lambda found: _NUMERALS[found[0]], _PREFIX.sub("", word, count=1))


def _read_number(word: str) -> _Number | None:
    """Returns the number in a normalised value, None if it is not one, or one on an unknown scale."""
    if _NUMBER.fullmatch(word):
        return _Number(_float(word))
    if found := _PERCENTAGE.fullmatch(word):
        return _Number(_float(found[1]), 100)
    if found := _RATIO.fullmatch(word):
        out_of = int(found[2])
        return _Number(_float(found[1]), out_of, bool(re.search(_STAR, found[3]))) if out_of in _OUT_OF else None
    if found := _STARRED.fullmatch(word):
        return _Number(_float(found[1]), stars=True)
    if found := _SIGNS.fullmatch(word.replace(" ", "")):
        out_of = len(found[1]) + len(found[3]) + bool(found[2] and found[3])
        whole = found[3] and out_of in _OUT_OF
        return _Number(len(found[1]) + 0.5 * bool(found[2]), out_of if whole else None, stars=True)
    return None


def _float(numeral: str) -> float:
    return float(numeral.replace(",", "."))


def _scales(numbers: set[float], *, rated: bool) -> list[_Scale]:
    """Returns the plausible scales of a column of numbers.

    Args:
        numbers: its different numbers.
        rated: whether its name says that they are ratings.
    """
    if not numbers:
        return []
    if max(numbers) <= 1 and any(2 * number % 1 for number in numbers):  # finer than half a star
        return [scale for scale in (_FRACTION, _SIGNED) if scale.holds(numbers)][:1]
    if small := [scale for scale in (*_CLASSES, _FRACTION, _SIGNED, _STARS) if scale.holds(numbers)]:
        complete = [scale for scale in small if scale.ends_in(numbers)] or small
        may_be_stars = rated and numbers not in ({0, 1}, {0, 1, 2})
        return [*complete, _STARS] if may_be_stars else complete
    if large := [scale for scale in (_SEVEN, _MARKS) if scale.holds(numbers)]:
        rest = numbers - {max(numbers)}  # classes with one odd value, perhaps
        return large if rated else [*large, *(s for s in _CLASSES if s.holds(rest) and s.ends_in(rest))]
    most_are_high = 2 * sum(number >= 50 for number in numbers) >= len(numbers)
    return [_PERCENT] if _PERCENT.holds(numbers) and most_are_high else []


def _scales_of_most(numbers: set[float], *, rated: bool) -> list[_Scale]:
    """Returns the scales of a column with a few odd numbers, for example 0 to 10 with an 11."""
    for scale in (_SIGNED, _STARS, _MARKS, _PERCENT):
        usual = {number for number in numbers if number in scale}
        if len(numbers) - len(usual) <= len(numbers) // _ODD:
            return _scales(usual, rated=rated)
    return []


def _common_meaning(number: float, scales: Iterable[_Scale]) -> Meaning:
    """Returns the meaning on which all scales agree; a number that may be "not rated" is empty."""
    meanings = {scale.read(number) for scale in scales}
    if "empty" in meanings:
        return "empty"
    return meanings.pop() if len(meanings) == 1 else "unknown"


def _word_meaning(value: str) -> Meaning:
    if not value.strip() or is_empty_word(value):
        return "empty"
    word = _core(_normalise(value))
    for meaning, pattern in _SENTIMENT.items():
        if pattern.fullmatch(word) or word in _SURE[meaning] or word in _NAMED[meaning]:
            return meaning
    return "unknown"


def _core(word: str) -> str:
    return _NOUN.sub("", _ADVERB.sub("", re.sub(r"[\s_-]+", " ", word), count=1))


def _key(value: str) -> str:
    word = value.strip().casefold()
    return f"{_float(word):g}" if _NUMBER.fullmatch(word) else word

"""Turned reviews: opinions are replaced by their opposites, "a great cast, 8/10" by "a terrible cast, 3/10".

People who edit a review into its opposite replace a few words and keep the rest (Kaushik et al. 2020). Here, rules
replace opinion words, add and remove negations, add doubt, and change ratings. They do not find every opinion, so a
target is weaker if less was turned.

Opinion words are found by a regression of the labels on words. The opposites of a word are its nearest neighbours of
the other side in the embedding, after the direction of sentiment is projected out, because opposites occur in the same
contexts. ``turned.toml`` adds pairs by hand.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import sparse

from sentiment.text.vocabulary import UNK, Vocabulary
from sentiment.training.counterfactuals import indefinite_article
from sentiment.training.examples import Examples
from sentiment.training.ngrams import fit_logistic

Ids = npt.NDArray[np.int32]

RULES = Path(__file__).with_name("turned.toml")

# The lexicon:
_PENALTY = 20.0  # weight of the squared norm in the regression
_MIN_REVIEWS = 60  # in which an opinion word occurs
_MIN_LETTERS = 3
_CANDIDATES = 500  # most predictive words
_CLEAR = 0.12  # absolute log-odds of words that define the direction of sentiment
_MIN_WEIGHT, _MIN_OPPOSITE = 0.25, 0.2  # absolute log-odds of an opinion word, and of its opposite
_NEIGHBOURS, _MIN_SIMILARITY = 3, 0.35

# The rules:
_REACH = 3  # words from a negation to its opinion
_AGAINST_RATE = 0.5  # of opinions against the review's side that are turned
_MARK_RATE = 0.95  # of ratings such as 8/10 that are turned
_NOT_RATE = 0.2  # of turned opinions after a copula that are negated: "is not good" instead of "is bad"
_DOUBT_RATE = 0.12  # of turned praise that gets a hedge or quotation marks; without a copula, _NOT_RATE is added
_MIDDLE_MARK = 5

# The selection of reviews, and the targets:
_LONGEST = 800  # tokens; longer reviews are rarely turned completely
_MIN_LOGIT = 1.0  # absolute logit of the original review
_MIN_SHARE, _MIN_EVIDENCE = 0.6, 1.0  # of a turned review
_NO_SHARE, _FULL_SHARE = 0.4, 0.9  # shares turned at which the target is neutral, and at full strength
_FULL_EVIDENCE = 2.5  # log-odds at which the target is at full strength
_LABELLED = 0.6  # share of labelled reviews
_ATTEMPTS = 200


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Opinion words, by id.

    Attributes:
        sides: 1 for a positive word, -1 for a negative one.
        opposites: the words that can replace a word.
        evidence: the absolute log-odds of a word.
    """

    sides: Mapping[int, int]
    opposites: Mapping[int, Sequence[int]]
    evidence: Mapping[int, float]


@dataclass(slots=True)
class Turned:
    """A review that is being turned.

    Attributes:
        ids: the new tokens so far.
        evidence: sum of the log-odds of the opinions on the review's side.
        turned: the part of it that was turned.
    """

    ids: list[int] = field(default_factory=list)
    evidence: float = 0.0
    turned: float = 0.0

    @property
    def share(self) -> float:
        """The share of the evidence that was turned, from 0 to 1."""
        return self.turned / self.evidence if self.evidence else 0.0


def find_opposites(labelled: Examples, embedding: npt.NDArray[np.floating], vocabulary: Vocabulary) -> Lexicon:
    """Finds opinion words and their opposites.

    Args:
        labelled: reviews with labels.
        embedding: <float>[vocabulary, embedding]
        vocabulary: the vocabulary of the reviews' ids.
    """
    rules = tomllib.loads(RULES.read_text(encoding="utf-8"))
    weights, reviews = _regression(labelled, len(vocabulary))
    opposites = _nearest(weights, reviews, embedding, vocabulary, rules)
    by_hand: dict[int, list[int]] = {}
    for pair in rules["pairs"]:
        one, other = map(vocabulary.id, pair)
        if UNK not in {one, other}:
            by_hand.setdefault(one, []).append(other)
            by_hand.setdefault(other, []).append(one)
    sides = {word: int(np.sign(weights[word])) for word in opposites}
    sides |= {word: 1 if weights[word] > weights[others].mean() else -1 for word, others in by_hand.items()}
    return Lexicon(sides, opposites | by_hand, {word: abs(float(weights[word])) for word in sides})


def _regression(labelled: Examples, size: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float32]]:
    """Returns <float>[vocabulary], the log-odds a word adds to "positive", and the number of reviews with it."""
    words = [np.unique(review) for review in labelled.ids]
    bounds = np.cumsum([0, *map(len, words)])
    features = sparse.csr_matrix((np.ones(bounds[-1], np.float32), np.concatenate(words), bounds), (len(words), size))
    counts = np.ones(len(words), np.float32)
    weights = fit_logistic(features, labelled.targets.astype(np.int8), counts, _PENALTY)[:-1]
    return weights, np.asarray(features.sum(0))[0]


def _nearest(
    weights: npt.NDArray[np.float64],
    reviews: npt.NDArray[np.float32],
    embedding: npt.NDArray[np.floating],
    vocabulary: Vocabulary,
    rules: Mapping[str, list[str]],
) -> dict[int, list[int]]:
    """Returns the nearest words of the other side, in order, for each opinion word that has any."""
    words = _opinions(weights, reviews, vocabulary, rules)
    praise, blame = words[weights[words] > 0], words[weights[words] < 0]
    if not len(praise) or not len(blame):
        return {}
    vectors = embedding[words].astype(np.float64)
    sentiment = vectors[weights[words] > 0].mean(0) - vectors[weights[words] < 0].mean(0)
    sentiment /= np.linalg.norm(sentiment) + 1e-9
    vectors -= np.outer(vectors @ sentiment, sentiment)
    vectors -= vectors.mean(0)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-9
    similar = vectors @ vectors.T
    found = {}
    for place, word in enumerate(words):
        others = np.flatnonzero(np.sign(weights[words]) != np.sign(weights[word]))
        nearest = others[np.argsort(-similar[place, others], kind="stable")[:_NEIGHBOURS]]
        kept = [
            int(words[other])
            for other in nearest
            if similar[place, other] > _MIN_SIMILARITY and abs(weights[words[other]]) >= _MIN_OPPOSITE
        ]
        if kept and abs(weights[word]) >= _MIN_WEIGHT:
            found[int(word)] = kept
    return found


def _opinions(
    weights: npt.NDArray[np.float64],
    reviews: npt.NDArray[np.float32],
    vocabulary: Vocabulary,
    rules: Mapping[str, list[str]],
) -> npt.NDArray[np.intp]:
    """Returns the ids of the most predictive words, without function words and words that are not opinions."""
    left_out = {word for name in ("neutral", "negations", "copulas", "degrees") for word in rules[name]}
    tokens = ("", "", *vocabulary.tokens)
    possible = np.array(
        [
            count >= _MIN_REVIEWS and len(token) >= _MIN_LETTERS and token.isalpha() and token not in left_out
            for token, count in zip(tokens, reviews, strict=True)
        ]
    )
    predictive = np.where(possible, np.abs(weights) * np.sqrt(reviews), 0)
    top = np.argsort(-predictive, kind="stable")[:_CANDIDATES]
    return top[possible[top] & (np.abs(weights[top]) > _CLEAR)]


class Turner:
    """Turns reviews by the rules of ``turned.toml``.

    Args:
        lexicon: the opinion words and their opposites.
        vocabulary: the vocabulary of the ids.
    """

    def __init__(self, lexicon: Lexicon, vocabulary: Vocabulary) -> None:
        rules = tomllib.loads(RULES.read_text(encoding="utf-8"))

        def known(words: Iterable[str]) -> list[int]:
            return [vocabulary.id(word) for word in words if vocabulary.id(word) != UNK]

        self._lexicon, self._tokens = lexicon, ("", "", *vocabulary.tokens)
        self._negations, self._helpers = set(known(rules["negations"])), set(known(rules["helpers"]))
        self._copulas, self._degrees = set(known(rules["copulas"])), set(known(rules["degrees"]))
        self._hedges, self._articles = known(rules["hedges"]), set(known(("a", "an")))
        self._not, self._contracted, self._quote = (vocabulary.id(token) for token in ("not", "n't", '"'))
        self._out_of = known(("out", "of", "10"))
        self._marks: dict[int, tuple[int, int]] = {}  # id of a rating -> its value, and the id of its opposite
        self._numbers: dict[int, tuple[int, int]] = {}  # the same before "out of 10"
        for mark, other in rules["marks"]:
            for table, form in ((self._marks, "{}/10"), (self._numbers, "{}")):
                if form.format(mark) in vocabulary and form.format(other) in vocabulary:
                    table[vocabulary.id(form.format(mark))] = int(mark), vocabulary.id(form.format(other))

    def turn(self, review: Ids, side: int, rate: float, rng: np.random.Generator) -> Turned:
        """Turns a review.

        Args:
            review: <int32>[tokens]
            side: 1 for a positive review, -1 for a negative one.
            rate: the probability that an opinion on the review's side is turned.
            rng: the source of randomness.
        """
        ids, made, place = review.tolist(), Turned(), 0
        while place < len(ids):
            rest = ids[place : place + _REACH + 1]
            read = (
                self._turn_negation(rest, side, rate, made, rng)
                or self._turn_opinion(rest, side, rate, made, rng)
                or self._turn_mark(rest, side, made, rng)
            )
            if not read:
                made.ids.append(ids[place])
            place += read or 1
        return made

    def _turn_negation(self, rest: list[int], side: int, rate: float, made: Turned, rng: np.random.Generator) -> int:
        """Drops a negation before an opinion; "didn't like" becomes "didn't dislike". Returns the tokens read."""
        lexicon = self._lexicon
        end = next((i for i in range(1, len(rest)) if rest[i] in lexicon.sides), 0)
        if rest[0] not in self._negations or not end:
            return 0
        opinion, between = rest[end], rest[1:end]
        if not self._drawn(-lexicon.sides[opinion] == side, lexicon.evidence[opinion], rate, made, rng):
            made.ids += rest[: end + 1]
        elif rest[0] == self._contracted and made.ids and made.ids[-1] in self._helpers:
            made.ids += [rest[0], *between, self._opposite(opinion, rng)]
        else:
            made.ids += [*between, opinion]
        return end + 1

    def _turn_opinion(self, rest: list[int], side: int, rate: float, made: Turned, rng: np.random.Generator) -> int:
        """Replaces an opinion by its opposite, or negates or hedges it. Returns the number of tokens read."""
        opinion, lexicon = rest[0], self._lexicon
        if opinion not in lexicon.sides:
            return 0
        on_side = lexicon.sides[opinion] == side
        if not self._drawn(on_side, lexicon.evidence[opinion], rate, made, rng):
            made.ids.append(opinion)
            return 1
        start = len(made.ids)  # before the degrees in front of the opinion
        while start and made.ids[start - 1] in self._degrees:
            start -= 1
        after_copula = start > 0 and made.ids[start - 1] in self._copulas
        drawn = rng.random() if on_side else 1.0
        if drawn < _NOT_RATE and after_copula:
            made.ids[start:start] = [self._not]
            made.ids.append(opinion)
        elif drawn < _NOT_RATE + _DOUBT_RATE and side > 0:
            self._doubt(opinion, start if after_copula else len(made.ids), made, rng)
        else:
            self._replace(opinion, made, rng)
        return 1

    def _doubt(self, opinion: int, place: int, made: Turned, rng: np.random.Generator) -> None:
        """Puts praise in quotation marks, or inserts a hedge at ``place``."""
        if self._hedges and rng.random() < 0.5:
            made.ids[place:place] = [_one(self._hedges, rng)]
            made.ids.append(opinion)
        else:
            made.ids += [self._quote, opinion, self._quote]

    def _replace(self, opinion: int, made: Turned, rng: np.random.Generator) -> None:
        """Appends an opposite of an opinion, with a fitting article before it."""
        opposite = self._opposite(opinion, rng)
        if made.ids and made.ids[-1] in self._articles:
            fitting = indefinite_article(self._tokens[opposite])
            made.ids[-1] = next((id for id in self._articles if self._tokens[id] == fitting), made.ids[-1])
        made.ids.append(opposite)

    def _turn_mark(self, rest: list[int], side: int, made: Turned, rng: np.random.Generator) -> int:
        """Replaces a rating such as 8/10. Returns the number of tokens read."""
        out_of = len(self._out_of) == _REACH and rest[1:] == self._out_of
        value, other = (self._numbers if out_of else self._marks).get(rest[0], (0, 0))
        if not value or (value > _MIDDLE_MARK) != (side > 0):
            return 0
        made.ids.append(other if self._drawn(True, 1.0, _MARK_RATE, made, rng) else rest[0])
        return 1

    def _drawn(self, on_side: bool, evidence: float, rate: float, made: Turned, rng: np.random.Generator) -> bool:
        """Draws whether an opinion is turned, and counts it if it is on the review's side."""
        turned = rng.random() < (rate if on_side else _AGAINST_RATE)
        if on_side:
            made.evidence += evidence
            made.turned += evidence * turned
        return turned

    def _opposite(self, opinion: int, rng: np.random.Generator) -> int:
        return _one(self._lexicon.opposites[opinion], rng)


class TurnedReviews:
    """Draws turned reviews with their targets.

    Args:
        turner: turns a review.
        reviews: <int32>[tokens] for each review, the labelled ones first.
        labelled: number of labelled reviews.
        logits: <float32>[reviews], calibrated, by the teacher.
        rate: the probability that an opinion is turned; in half of the reviews, all are turned.
        largest_logit: the largest absolute logit of a target.
    """

    def __init__(
        self,
        turner: Turner,
        reviews: Sequence[Ids],
        labelled: int,
        logits: npt.NDArray[np.float32],
        rate: float,
        largest_logit: float,
    ) -> None:
        self._turner, self._reviews, self._logits = turner, reviews, logits
        self._rate, self._largest = rate, largest_logit
        suitable = (np.abs(logits) >= _MIN_LOGIT) & (np.array([len(review) for review in reviews]) <= _LONGEST)
        places = np.flatnonzero(suitable)
        self._pools = [pool for pool in (places[places < labelled], places[places >= labelled]) if len(pool)]

    def __bool__(self) -> bool:
        """Returns whether there is a review to turn."""
        return bool(self._pools)

    def __call__(self, rng: np.random.Generator) -> tuple[Ids, float]:
        """Returns ids <int32>[tokens] and target of a turned review; after many failures, those of an original one."""
        for _ in range(_ATTEMPTS):
            pool = self._pools[0 if rng.random() < _LABELLED else -1]
            place = int(pool[rng.integers(len(pool))])
            logit = float(self._logits[place])
            side = 1 if logit > 0 else -1
            rate = self._rate if rng.random() < 0.5 else 1.0
            made = self._turner.turn(self._reviews[place], side, rate, rng)
            if made.share >= _MIN_SHARE and made.evidence >= _MIN_EVIDENCE:
                return np.array(made.ids, np.int32), _sigmoid(-side * self._strength(abs(logit), made))
        return self._reviews[place], _sigmoid(logit)

    def _strength(self, logit: float, made: Turned) -> float:
        """Returns the absolute logit of a turned review's target, which is smaller if less was turned."""
        turned = min(max((made.share - _NO_SHARE) / (_FULL_SHARE - _NO_SHARE), 0.0), 1.0)
        return min(logit, self._largest) * turned * min(made.evidence / _FULL_EVIDENCE, 1.0)


def _sigmoid(logit: float) -> float:
    return float(1 / (1 + np.exp(-logit)))


def _one(choices: Sequence[int], rng: np.random.Generator) -> int:
    return choices[int(rng.integers(len(choices)))]

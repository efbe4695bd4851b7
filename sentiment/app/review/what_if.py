"""What-if analysis: remove or replace words in the text itself, watch the verdict, undo, use the result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import pandas as pd
import streamlit as st

from sentiment import budget
from sentiment.app.review import views
from sentiment.app.shared import analyses, uploads
from sentiment.app.shared.analyses import Analysis
from sentiment.app.shared.buttons import primary_label
from sentiment.explain.counterfactual import compare, edit, smallest_flip
from sentiment.explain.grouping import Group, group
from sentiment.explain.prediction_text import headline
from sentiment.explain.replacements import suggest_replacements
from sentiment.formatting import likelihood, signed
from sentiment.model.classifier import Classifier
from sentiment.types import Explanation, Prediction

_MAX_WORDS = 10  # listed
_MAX_REPLACEMENT = 200  # characters of a replacement word
_MAX_TRIED = 50  # versions kept for each text
_MAX_CHANGES = 5  # listed in the description of a version
_NOTE = "what_if_note"  # key of a message until it is shown
_WORD, _NEW = "what_if_word", "what_if_new"  # keys of widgets

Changes = dict[int, str]  # index of a token -> its replacement, empty if the token is removed


@dataclass(slots=True)
class Trials:
    """The versions of one text that were tried.

    Attributes:
        steps: the changes in force after each step, oldest first.
        tried: the prediction of each version, by the description of its changes, oldest first.
        suggested: the words suggested in place of a token, by its index.
    """

    steps: list[Changes] = field(default_factory=list)
    tried: dict[str, Prediction] = field(default_factory=dict)
    suggested: dict[int, list[str]] = field(default_factory=dict)

    @property
    def changes(self) -> Changes:
        """The current changes."""
        return self.steps[-1] if self.steps else {}


def version_of(analysis: Analysis, classifier: Classifier) -> Explanation | None:
    """Returns the explanation of the changed text, None if nothing is changed."""
    trials = _trials(analysis)
    if not trials.changes:
        return None
    before = analysis.get_explanation(classifier)
    after = classifier.explain(edit(before.text, before.tokens, trials.changes))
    trials.tried[_describe(before, trials.changes)] = after.prediction
    for oldest in list(trials.tried)[:-_MAX_TRIED]:
        del trials.tried[oldest]
    return after


def pick(analysis: Analysis, explanation: Explanation, groups: Sequence[Group], index: int) -> None:
    """Removes a group of tokens from the text, or restores it if it is changed."""
    if not 0 <= index < len(groups):
        return
    changes, places = _trials(analysis).changes, range(groups[index].first, groups[index].stop)
    if any(place in changes for place in places):
        _change(analysis, {place: word for place, word in changes.items() if place not in places})
    else:
        _change(analysis, {**changes, **dict.fromkeys(places, "")})
    st.session_state[_WORD] = next(word for word, each in _words(explanation).items() if each.stop > places.start)


def marks(analysis: Analysis, groups: Sequence[Group]) -> dict[int, str]:
    """Returns the replacement of each changed group, by index; empty if the group is removed."""
    changes = _trials(analysis).changes
    return {
        index: " ".join(filter(None, (changes.get(place, "") for place in range(each.first, each.stop))))
        for index, each in enumerate(groups)
        if all(place in changes for place in range(each.first, each.stop))
    }


def values_in(after: Explanation, before: Explanation) -> dict[int, float]:
    """Returns the contributions in a changed text, in logits, by index of the original token they belong to.

    An added token counts towards the original token before it.
    """
    values: dict[int, float] = {}
    place = 0
    for each in compare(before, after):
        place = place if each.before is None else each.before
        value = 0.0 if each.after is None else float(after.contributions[each.after])
        values[place] = values.get(place, 0.0) + value
    return values


def show(analysis: Analysis, explanation: Explanation, version: Explanation | None, classifier: Classifier) -> None:
    """Shows the controls, the effect of the current version, and all versions tried."""
    if not explanation.tokens:
        return
    trials = _trials(analysis)
    _replacement(analysis, explanation, classifier)
    with st.container(horizontal=True):
        st.button(
            "Flip the prediction",
            on_click=_flip,
            args=(analysis, explanation, classifier),
            icon=":material/swap_vert:",
            help="Removes the fewest words that flip the prediction.",
        )
        st.button(
            "Undo",
            on_click=_undo,
            args=(trials,),
            disabled=not trials.steps,
            icon=":material/undo:",
        )
        st.button(
            primary_label("Use this text", ":material/check:", disabled=version is None),
            key="what_if_use",
            on_click=_use,
            args=(version.text if version else "",),
            disabled=version is None,
            type="primary",
            help="Puts the changed text in the editor.",
        )
    if note := st.session_state.pop(_NOTE, None):
        st.info(note)
    left, right = st.columns(2, gap="medium")
    with left:
        _versions(analysis.prediction, trials)
    with right:
        if version is not None and version.prediction.label:
            _word_changes(explanation, version)


def _trials(analysis: Analysis) -> Trials:
    every: dict[int, Trials] = st.session_state.setdefault(analyses.WHAT_IF, {})
    return every.setdefault(analysis.number, Trials())


def _replacement(analysis: Analysis, explanation: Explanation, classifier: Classifier) -> None:
    """Shows the choice of a word, a box for its replacement, and suggestions."""
    words = _words(explanation)
    if st.session_state.get(_WORD) not in words:
        st.session_state.pop(_WORD, None)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        order = sorted(words, key=lambda word: -abs(words[word].value))
        chosen = words[st.selectbox("Word", order, key=_WORD, width=200)]
        new = st.text_input(
            "Replace with", key=_NEW, placeholder="Blank to remove", width=200, max_chars=_MAX_REPLACEMENT
        )
        replace = partial(_replace, analysis, chosen)
        st.button("Apply", on_click=replace, args=(new,), icon=":material/edit:")
    if suggested := _suggested(analysis, explanation, chosen, classifier):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("Suggested:", width="content")
            for word in suggested:
                st.button(uploads.escape_markdown(word), key=f"suggested_{word}", on_click=replace, args=(word,))


def _words(explanation: Explanation) -> dict[str, Group]:
    """Returns the words of the text by display name; repeated words are numbered."""
    groups = group(explanation, "word")
    texts = [explanation.text[each.start : each.end] for each in groups]
    total, seen, words = Counter(texts), Counter[str](), {}
    for each, text in zip(groups, texts, strict=True):
        seen[text] += 1
        words[text if total[text] == 1 else f"{text} ({seen[text]} of {total[text]})"] = each
    return words


def _suggested(analysis: Analysis, explanation: Explanation, word: Group, classifier: Classifier) -> list[str]:
    place = max(range(word.first, word.stop), key=lambda place: abs(float(explanation.contributions[place])))
    known = _trials(analysis).suggested
    if place not in known:
        known[place] = [each.word for each in suggest_replacements(classifier, explanation, place)]
    return known[place]


def _replace(analysis: Analysis, word: Group, new: str) -> None:
    """Replaces a word; an empty replacement removes it."""
    rest = dict.fromkeys(range(word.first + 1, word.stop), "")
    _change(analysis, {**_trials(analysis).changes, **rest, word.first: new.strip()})


def _change(analysis: Analysis, changes: Changes) -> None:
    if any(len(word) > _MAX_REPLACEMENT for word in changes.values()):
        st.session_state[_NOTE] = f"A replacement may have {_MAX_REPLACEMENT} characters at most."
        return
    _trials(analysis).steps.append(changes)


def _undo(trials: Trials) -> None:
    if trials.steps:
        trials.steps.pop()


def _flip(analysis: Analysis, explanation: Explanation, classifier: Classifier) -> None:
    flip = smallest_flip(classifier, explanation)
    if flip is None:
        st.session_state[_NOTE] = "Removing words doesn't flip this prediction."
    else:
        _change(analysis, dict.fromkeys(flip.places, ""))


def _use(text: str) -> None:
    if len(text) > budget.TEXT_CHARACTERS:
        st.session_state[_NOTE] = analyses.TOO_LONG
        return
    views.leave_what_if()
    analyses.show(text, to_top=True)


def _describe(explanation: Explanation, changes: Mapping[int, str]) -> str:
    """Returns a description of the changes: "terrible → great, − boring"."""
    described = []
    for each in group(explanation, "word"):
        places = [place for place in range(each.first, each.stop) if place in changes]
        if places:
            old = explanation.text[explanation.tokens[places[0]].start : explanation.tokens[places[-1]].end]
            new = " ".join(filter(None, (changes[place] for place in places)))
            described.append(f"{old} → {new}" if new else f"− {old}")
    more = len(described) - _MAX_CHANGES
    return ", ".join(described[:_MAX_CHANGES]) + (f" and {more} more" if more > 0 else "")


def _versions(original: Prediction, trials: Trials) -> None:
    """Shows every version tried, the latest first."""
    if not trials.tried:
        return
    st.caption("Versions tried")
    rows = [*reversed(trials.tried.items()), ("original text", original)]
    st.dataframe(
        pd.DataFrame(
            {
                "prediction": [headline(prediction) for _, prediction in rows],
                "probability": [likelihood(each.probability, 1) if each.label else "–" for _, each in rows],
                "version": [version for version, _ in rows],
            }
        ),
        hide_index=True,
        alt="Versions tried, with the prediction for each",
        column_config={"prediction": "Prediction", "probability": "P(positive)", "version": "Changes"},
    )


def _word_changes(before: Explanation, after: Explanation) -> None:
    """Shows the words whose contributions changed most."""
    changed = sorted(compare(before, after), key=lambda each: -abs(each.change))[:_MAX_WORDS]
    st.caption(f"Change in score: {signed(after.logit - before.logit)}. Contributions that changed most:")
    st.dataframe(
        pd.DataFrame(
            {
                "word": [each.text for each in changed],
                "change": [each.change for each in changed],
                "what": [
                    "added" if e.before is None else "removed" if e.after is None else "unchanged" for e in changed
                ],
            }
        ).style.format({"change": partial(signed, digits=3)}),
        hide_index=True,
        alt="Words whose contribution changed most",
        column_config={
            "word": "Word",
            "change": st.column_config.NumberColumn("Change in contribution"),
            "what": "Status",
        },
    )

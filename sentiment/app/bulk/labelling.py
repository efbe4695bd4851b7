"""The tab Label: labels one row at a time, by key or button, and estimates figures for the whole file from them."""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from sentiment.adapt import estimates
from sentiment.adapt.estimates import Estimate
from sentiment.adapt.head import LEAST_LABELS
from sentiment.app.bulk import answer_keys, downloads, own_labels
from sentiment.app.bulk.loading import Scored
from sentiment.app.shared import chart_block, explained_review, job_errors, tabs, uploads
from sentiment.app.shared.highlight import highlight
from sentiment.budget import TEXT_CHARACTERS
from sentiment.bulk.jobs.answers import Answers
from sentiment.bulk.labelling import MOST_ANSWERS, RANDOM, Answer, Labelling
from sentiment.formatting import counted, interval, likelihood, percent
from sentiment.types import Explanation

_HIDDEN = "label_hidden"  # key of the switch that hides the prediction
_USUAL_LABELS = 80  # after which the gain of an adapted model is usually clear
_BOX = 300  # pixels, so that the buttons stay where they are from row to row
_KEYS: tuple[tuple[Answer, str, str], ...] = (
    ("negative", ":material/thumb_down:", "Left"),
    ("skip", ":material/skip_next:", "Space"),
    ("positive", ":material/thumb_up:", "Right"),
)


@st.fragment
@job_errors.show_disk_errors()
def show(scored: Scored) -> None:
    """Shows the row to label next, and the figures that the answers give for the file."""
    job_errors.show_stored_error()
    labelling = own_labels.load_labelling(scored)
    own_labels.request_states(scored, labelling)
    st.caption(_introduction(len(labelling.pool.rows)))
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _question(scored, labelling)
    with right:
        _figures(labelling)
        _adaptation(scored, labelling)
        _actions(scored, labelling)


def _introduction(rows: int) -> str:
    """Returns what labelling leads to, for a file with this many rows to label."""
    if rows < LEAST_LABELS:
        return (
            f"This file has {counted(rows, 'row')} to label. Your labels show how accurate the model is on it; an "
            f"adapted model needs {LEAST_LABELS}."
        )
    asked = f"about {_USUAL_LABELS} rows" if rows > _USUAL_LABELS else f"the {rows} rows"
    return (
        f"Label {asked} of your file. You get an adapted model and its measured gain, or a clear answer that it does "
        "not help."
    )


def _question(scored: Scored, labelling: Labelling) -> None:
    """Shows the row to label next and the buttons for its label."""
    place = labelling.next_place
    if place is None:
        st.success(_finished(labelling), icon=":material/check_circle:")
        return
    row = int(labelling.pool.rows[place])
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**Row {row + 1:,}** {_reason(labelling)}", width="stretch")
        hidden = st.toggle(
            "Hide prediction",
            key=_HIDDEN,
            persist_state="page",
            help="Hides the colours as well. Seeing a prediction can sway your answer.",
        )
    _text(scored, row, hidden=hidden)
    with st.container(horizontal=True, gap="small"):
        for answer, icon, key in _KEYS:
            st.button(
                answer.capitalize(),
                key=f"answer_{answer}",
                on_click=job_errors.run_action,
                args=(Answers(scored.job).add, row, answer),
                icon=icon,
                shortcut=key,
                width="stretch",
            )
    answer_keys.ignore_keys_of_focused_element()


def _reason(labelling: Labelling) -> str:
    """Returns a Markdown badge with the reason for asking about this row."""
    if labelling.is_random:
        return f":blue-badge[:material/shuffle: Random row {len(labelling.sample) + 1} of {_random_rows(labelling)}]"
    return ":gray-badge[:material/help: The model is least sure of this row]"


def _random_rows(labelling: Labelling) -> int:
    """Returns how many rows are drawn at random: all rows of a small file."""
    return min(RANDOM, len(labelling.pool.rows))


def _text(scored: Scored, row: int, *, hidden: bool) -> None:
    """Shows the text of a row, coloured, and its prediction, unless they are hidden."""
    [text] = scored.results.read_texts([row])
    with st.container(height=_BOX, border=True):
        if not isinstance(text, str) or len(text) > TEXT_CHARACTERS:
            st.caption("This text is too long to show here. Skip it.")
        elif hidden:
            st.caption("Prediction hidden")
            highlight(text, [], key="label_plain", legend=False)
        else:
            explanation = scored.classifier().explain(text)
            st.markdown(_prediction(explanation))
            explained_review.show_text(explanation, "label_text")


def _prediction(explanation: Explanation) -> str:
    prediction = explanation.prediction
    return f"{explained_review.badge(prediction)} P(positive) {likelihood(prediction.probability, 1)}"


def _finished(labelling: Labelling) -> str:
    if len(labelling.answers) >= MOST_ANSWERS:
        return f"You have given {MOST_ANSWERS:,} answers, the maximum for a file."
    return "Every row has an answer."


def _figures(labelling: Labelling) -> None:
    """Shows the progress, and estimates for the whole file from the rows drawn at random."""
    pool, sample = labelling.pool, labelling.sample
    n, labels = len(sample), labelling.labels[sample]
    chosen = len(labelling.labelled) - n
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(min(1.0, n / _random_rows(labelling)), text=_progress(n, chosen))
    agreed = int((pool.positive[sample] == (labels == 1)).sum())
    share = estimates.share_positive(labels, pool.probabilities[sample], pool.all_probabilities)
    accuracy = estimates.accuracy(agreed, n, len(pool.all_probabilities))
    if share is None or accuracy is None:
        st.caption(
            "The first rows are drawn at random. They estimate the share of positive reviews and the model's accuracy "
            "on the whole file. Later rows are those the model is least sure of; it learns most from them."
        )
        return
    positive = int((labels == 1).sum())
    _metric(
        "Positive reviews in this file",
        share,
        f"Raw count: {positive} of {n} labelled positive ({percent(positive / n)}). "
        f"Mean P(positive) of all rows: {percent(float(pool.all_probabilities.mean()))}.",
        "Prediction-powered inference (Angelopoulos et al. 2023): the mean probability of all rows, corrected by its "
        "error on the rows drawn at random.",
    )
    _metric(
        "Accuracy of the model on this file",
        accuracy,
        f"{agreed} of {n} predictions agree with your labels.",
        "From the rows drawn at random, with a Wilson interval.",
    )


def _progress(random: int, chosen: int) -> str:
    if not chosen:
        return f"{counted(random, 'random row')} labelled"
    return f"{random:,} random and {chosen:,} uncertain rows labelled"


def _metric(label: str, estimate: Estimate, note: str, help: str) -> None:
    with st.container(border=True, gap="xsmall"):
        st.metric(
            label,
            percent(estimate.value),
            f"95% CI {interval((estimate.low, estimate.high))}",
            delta_color="off",
            delta_arrow="off",
            help=help,
        )
        st.caption(note)


def _adaptation(scored: Scored, labelling: Labelling) -> None:
    """Shows the gain of a model adapted to the labels so far, with a button that opens the tab Adapt."""
    n = len(labelling.labelled)
    if n < own_labels.MIN_LABELS:
        return
    adaptation = own_labels.load_adaptation(scored, labelling)
    if adaptation is None:
        return
    before, after = adaptation.found.before, adaptation.found.after
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        st.markdown(
            f"Adapted to {counted(n, 'label')}: **{percent(before.accuracy)} → {percent(after.accuracy)}** correct",
            width="stretch",
            help="Cross-validated on your labelled rows. Hard rows lower both figures.",
        )
        if st.button("Adapt", on_click=tabs.open_tab, args=("Adapt",), icon=":material/arrow_forward:"):
            st.rerun()  # the whole page


def _actions(scored: Scored, labelling: Labelling) -> None:
    """Shows the buttons to undo and to download the labels, and the checkbox to use those in the file."""
    answers = Answers(scored.job)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Undo",
            on_click=job_errors.run_action,
            args=(answers.undo,),
            icon=":material/undo:",
            shortcut="Backspace",
            disabled=not labelling.answers,
        )
        st.download_button(
            "Download labels",
            partial(_as_csv, scored, labelling),
            f"{downloads.stem(scored.job)}-labels.csv",
            "text/csv",
            on_click="ignore",
            icon=":material/download:",
            disabled=not len(labelling.own),
        )
    if scored.has_labels:
        known = int((labelling.pool.known >= 0).sum())
        name = uploads.escape_markdown(scored.names[scored.task["label"]])
        key = f"label_from_file_{scored.job.short_id}"
        st.checkbox(
            f"Use the {counted(known, 'label')} in the column “{name}”",
            labelling.from_file,
            key=key,
            on_change=_use_file,
            args=(answers, key),
            help="Values mean what you chose in the step Columns. Your own answers override them.",
        )


def _use_file(answers: Answers, key: str) -> None:
    job_errors.run_action(answers.use_file, bool(st.session_state[key]))


def _as_csv(scored: Scored, labelling: Labelling) -> str:
    """Returns the rows that the user labelled as CSV, in the order of the answers."""
    places, pool = labelling.own, labelling.pool
    random = np.isin(places, labelling.sample)
    frame = pd.DataFrame(
        {
            "row": pool.rows[places] + 1,
            "text": scored.results.read_texts(pool.rows[places]),
            "label": _label_names(labelling.labels[places] == 1),
            "chosen": np.where(random, "random", "least sure"),
            "predicted": _label_names(pool.positive[places]),
            "p_positive": pool.probabilities[places],
        }
    )
    return chart_block.escaped_csv(frame)


def _label_names(positive: npt.NDArray[np.bool_]) -> npt.NDArray[np.str_]:
    return np.where(positive, "positive", "negative")

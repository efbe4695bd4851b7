"""The reviews most similar to a selected one, by the model's pooled states."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from sentiment.app.evaluation import columns
from sentiment.app.shared import current_run, movies, review_texts
from sentiment.app.shared.scored_reviews import LABELS
from sentiment.evaluation.metrics import sigmoid
from sentiment.evaluation.states import pooled_states, read_validation_states

_NEAREST = 10
_SAMPLE = 500  # reviews whose states are computed
_SEED = 0


@dataclass(frozen=True, eq=False)
class Pool:
    """Reviews with their states.

    Attributes:
        reviews: columns ``id``, ``label`` ("positive" or "negative"), ``probability``, and ``text`` or ``film``.
        states: <float>[reviews, features], computed or read from a run.
        description: describes the reviews, after "Nearest of".
    """

    reviews: pd.DataFrame
    states: npt.NDArray[np.floating]
    description: str

    def nearest(self, state: npt.NDArray[np.floating], id: str) -> pd.DataFrame:
        """Returns the reviews nearest to a state, without the one of this id, and their cosine ``similarity``.

        States are centred first, because all of them share a large common component.
        """
        states = self.states.astype(np.float32)
        centre = states.mean(axis=0)
        around, point = states - centre, state.astype(np.float32) - centre
        norms = np.linalg.norm(around, axis=1) * np.linalg.norm(point)
        similarity = around @ point / np.maximum(norms, np.finfo(np.float32).tiny)
        found = self.reviews.assign(similarity=similarity)
        return found[found["id"] != id].nlargest(_NEAREST, "similarity")


def show(text: str, id: str, pool: Callable[[], Pool | None]) -> None:
    """Shows the reviews of a pool that are nearest to a text."""
    found = pool()
    if found is None:
        st.caption("There are no reviews to compare with.")
        return
    [state] = pooled_states(current_run.classifier(), [text])
    nearest = columns.in_percent(found.nearest(state, id), ["probability"])
    order = ["similarity", "label", "probability", "text", "film", "id"]
    st.dataframe(
        nearest,
        hide_index=True,
        column_order=[name for name in order if name in nearest and not (name == "id" and "text" in nearest)],
        alt="The nearest reviews, by the model's pooled states",
        placeholder="–",
        column_config={
            "similarity": st.column_config.NumberColumn(
                "Similarity", format="%.2f", help="Cosine similarity of the centred states."
            ),
            "label": "True label",
            "probability": columns.bar("P(positive)"),
            "text": st.column_config.TextColumn("Text", width=560),
            "film": movies.link_column(),
            "id": "ID",
        },
    )
    st.caption(f"Nearest of {found.description}, by the model's pooled states.")


def stored_pool() -> Pool | None:
    """Returns the validation reviews, with texts if the app has them; None if no states are stored with the model."""
    run, classifier = current_run.run(), current_run.classifier()
    with current_run.stop_on_artifact_error():
        states = read_validation_states(run, classifier.features)
        if states is None or not len(states):
            return None
        predictions = current_run.read_table("predictions.parquet", run)
    rows = predictions[predictions["split"] == "validation"]
    reviews = pd.DataFrame(
        {
            "id": rows["fingerprint"],
            "label": rows["label"].map(LABELS),
            "probability": sigmoid(classifier.rule.calibrated(rows["logit"].to_numpy())),
            "film": movies.links(rows["film"]),
        }
    )
    if texts := review_texts.load_texts():
        reviews["text"] = rows["fingerprint"].map(texts)
    return Pool(reviews, states, f"{len(reviews):,} validation reviews")


def sample_pool(table: pd.DataFrame, texts: Mapping[str, str], split: str) -> Pool | None:
    """Returns a random sample of the reviews of a split, with their texts; None if there are no texts.

    Args:
        table: the scored reviews, from ``ScoredReviews.table``.
        texts: the texts, by fingerprint.
        split: name of the split.
    """
    known = table[table["fingerprint"].isin(texts.keys())]
    rows = known.sample(min(_SAMPLE, len(known)), random_state=_SEED)
    if rows.empty:
        return None
    reviews = pd.DataFrame(
        {
            "id": rows["fingerprint"],
            "label": rows["label"].map(LABELS),
            "probability": rows["probability"],
            "text": rows["fingerprint"].map(texts),
        }
    )
    return text_pool(reviews, f"{len(reviews):,} {split} reviews drawn at random")


def text_pool(reviews: pd.DataFrame, description: str) -> Pool:
    """Returns a pool of reviews with texts; their states are computed once for each model."""
    with st.spinner(f"Reading {len(reviews):,} texts, once"):
        states = _states(*current_run.location(), tuple(reviews["text"]))
    return Pool(reviews, states, description)


@st.cache_data(max_entries=4, show_spinner=False)
def _states(path: str, stamp: int, texts: tuple[str, ...]) -> npt.NDArray[np.float32]:
    """Returns pooled states: <float32>[texts, features]. ``path`` and ``stamp``, of the model, are for the cache."""
    return pooled_states(current_run.classifier(), texts)

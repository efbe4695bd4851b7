"""The model that made an analysis. A reopened analysis keeps it, whichever model is chosen in the sidebar."""

from __future__ import annotations

import streamlit as st

from sentiment.app.shared import analyses, current_run, uploads
from sentiment.app.shared.analyses import Analysis
from sentiment.artifacts import ArtifactError
from sentiment.model.classifier import Classifier


def find(analysis: Analysis, chosen: Classifier) -> Classifier | None:
    """Returns the classifier that made an analysis: the chosen one, or another of this app; None if unavailable."""
    if analysis.is_made_by(chosen):
        return chosen
    try:
        other = current_run.named_classifier(analysis.run)
    except ArtifactError:
        return None
    return other if analysis.is_made_by(other) else None


def show_mark(analysis: Analysis, made_by: Classifier | None, chosen: Classifier) -> None:
    """Marks an analysis that the chosen model did not make, and offers to analyse its text with that model."""
    if made_by is chosen:
        return
    name, other = (uploads.escape_markdown(run) for run in (analysis.run, chosen.run.name))
    note = "" if made_by else " That model isn't available here, so What if? is off."
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":gray-badge[:material/history: Made with {name}] {note}".rstrip(), width="content")
        st.button(
            f"Analyse with {other}",
            key="analyse_with_chosen",
            type="tertiary",
            icon=":material/refresh:",
            on_click=analyses.show,
            args=(analysis.text,),
        )

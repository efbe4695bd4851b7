"""Reviews for the tests of the Evaluation page."""

from __future__ import annotations

import pandas as pd

from sentiment.app.shared.scored_reviews import ScoredReviews
from tests.app_runs import RULE, predictions


def scored_reviews(rows: pd.DataFrame | None = None) -> ScoredReviews:
    """Returns reviews judged at a threshold of 0.5; without ``rows`` the made-up predictions for a test split."""
    return ScoredReviews.from_predictions(predictions(("test",)) if rows is None else rows, RULE, 0.5)

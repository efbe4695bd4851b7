"""The page Analyse a review: one review, its prediction and its explanation."""

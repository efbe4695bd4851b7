"""The Review page: one review, its prediction and its explanation."""

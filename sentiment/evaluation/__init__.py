"""Evaluation of a run: predictions on labelled reviews, metrics, provenance of the figures."""

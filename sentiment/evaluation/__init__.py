"""Evaluation of a run: predictions on labelled reviews, metrics, calibration, and provenance of the results."""

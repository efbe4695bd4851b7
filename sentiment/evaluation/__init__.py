"""Measuring a run: its predictions on labelled reviews, metrics, and where the figures come from."""

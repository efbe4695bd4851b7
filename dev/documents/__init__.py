"""Generated documents: run records, model cards, and figures in the README and docs."""

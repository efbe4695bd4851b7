"""The Evaluation page: metrics, errors and checks of a run."""

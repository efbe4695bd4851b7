"""The Dataset page: the training data of a run, and a visitor's own file."""

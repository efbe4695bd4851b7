"""The Dataset page: the training data of a run, or a visitor's own file."""

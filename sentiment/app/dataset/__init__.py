"""The Dataset page: the reviews behind a run, and a visitor's own file."""

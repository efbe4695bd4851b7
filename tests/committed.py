"""The runs that are committed to the repository."""

COMMITTED = ("lstm", "bilstm", "distilled")

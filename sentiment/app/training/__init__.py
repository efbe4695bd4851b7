"""The Training page: training curves of every run."""

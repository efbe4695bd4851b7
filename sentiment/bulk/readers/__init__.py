"""Readers of review files: one module for each format, opened through ``open.py``."""

"""Reads tables of reviews: one module for each format, opened through ``open.py``; scoring and training share it.

A new format is a ``Source``, a case in ``open.open_source`` and a suffix in ``formats.FORMATS``.
"""

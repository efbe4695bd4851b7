"""Readers of review files: one module for each format, opened through ``open.py``.

A new format is a ``Source``, a case in ``open.open_source`` and a suffix in ``decoding.FORMATS``.
"""

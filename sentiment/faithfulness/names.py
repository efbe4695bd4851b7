"""The names of methods and kinds of removal as people read them, given those in ``explanations.json``."""

from __future__ import annotations

_NAMES = {
    "path secants": "rescale rule",
    "path secants, 4 segments": "rescale rule, 4 segments",
    "path secants from zero": "rescale rule, zero baseline",
    "path secants from the mean word": "rescale rule, mean-word baseline",
    "leave one out": "leave-one-out",
}  # method in ``explanations.json`` -> its name in the literature
_REMOVALS = {
    "deletion": "deletion",
    "unknown word": "replacement with the unknown token",
}  # kind of removal in ``explanations.json`` -> what is done


def method_name(name: str) -> str:
    """Returns the name of a method in the literature."""
    return _NAMES.get(name, name)


def removal_name(name: str) -> str:
    """Returns the description of a kind of removal."""
    return _REMOVALS.get(name, name)

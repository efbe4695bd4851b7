"""Training: the only part of the program that imports TensorFlow. Importing it registers the layers of model.keras.

TensorFlow takes seconds to import, and half of the modules do not need it. If Keras has not been imported yet, the
layers are therefore registered right after its import.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

_LAYERS = "sentiment.training.layers"


class _LayersAfterKeras(MetaPathFinder):
    """Finds Keras and lets its loader import our layers right after it."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Returns the specification of Keras; None for every other module."""
        spec = PathFinder.find_spec(fullname, path, target) if fullname == "keras" else None
        if spec is None or spec.loader is None:
            return None
        load = spec.loader.exec_module

        def load_both(module: ModuleType) -> None:
            load(module)
            import_module(_LAYERS)

        spec.loader.exec_module = load_both  # type: ignore[method-assign]
        return spec


if "keras" in sys.modules:
    import_module(_LAYERS)
else:
    sys.meta_path.insert(0, _LayersAfterKeras())

"""Makes the package of this checkout importable by the scripts, from any working directory.

Python puts a script's own folder on the module path. So a script imports this module first, and only the requirements
need to be installed.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

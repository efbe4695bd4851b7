"""Lets a script import the package of its own checkout, from whatever folder it is run.

Python puts the folder of a script on the module path. So a script imports this module first, and nothing needs to be
installed but the requirements.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

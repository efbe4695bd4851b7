"""What every test starts from."""

from __future__ import annotations

import signal

# A shell starts what it runs in the background deaf to Ctrl-C, and children inherit that; some tests press it.
signal.signal(signal.SIGINT, signal.default_int_handler)

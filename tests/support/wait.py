"""Waiting for what nothing can be subscribed to: the only pause in the Python tests that polls."""

import time

WAIT_SECONDS = 120
PAUSE_SECONDS = 0.02


def eventually(what, check, timeout_s=WAIT_SECONDS):
    """The first true answer of `check`; its exceptions count as "not yet". Fails after the time."""
    deadline, last = time.monotonic() + timeout_s, None
    while time.monotonic() < deadline:
        try:
            if last := check():
                return last
        except (AssertionError, OSError, RuntimeError, KeyError) as error:
            last = error
        time.sleep(PAUSE_SECONDS)
    raise AssertionError(f"not within {timeout_s} s: {what}; last: {last!r}")

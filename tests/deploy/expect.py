"""Assertions that print what they saw, so that the output of a rehearsal is evidence."""

import sys
import time


def expect(what, saw, wanted=True):
    """Ends the rehearsal unless `saw` equals `wanted`, or the function `wanted` accepts it."""
    holds = wanted(saw) if callable(wanted) else saw == wanted
    print(f"  {'ok ' if holds else 'NOT'} {what}: {saw}", flush=True)
    if not holds:
        sys.exit(f"{what}: saw {saw!r}" + ("" if callable(wanted) else f", wanted {wanted!r}"))


def eventually(what, look, patience_s):
    """Calls `look` until it returns a true value. Ends the rehearsal if that takes too long."""
    ends = time.monotonic() + patience_s
    while not (found := look()):
        if time.monotonic() > ends:
            sys.exit(f"{what}: not within {patience_s} s")
        time.sleep(0.5)
    return found

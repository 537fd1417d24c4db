"""An assertion that prints what it saw, so that a rehearsal can be read and not only believed."""

import sys
import time


def expect(what, saw, wanted=True):
    """Goes on if `saw` is what is wanted: a value, or a function that says so. Ends the rehearsal otherwise."""
    holds = wanted(saw) if callable(wanted) else saw == wanted
    print(f"  {'ok ' if holds else 'NOT'} {what}: {saw}", flush=True)
    if not holds:
        sys.exit(f"{what}: saw {saw!r}" + ("" if callable(wanted) else f", wanted {wanted!r}"))


def eventually(what, look, patience_s):
    """What `look` returns, once it is something; ends the rehearsal when it stays nothing for so long."""
    ends = time.monotonic() + patience_s
    while not (found := look()):
        if time.monotonic() > ends:
            sys.exit(f"{what}: not within {patience_s} s")
        time.sleep(0.5)
    return found

"""The simulated world outside the stack: how its renders go and end (`infra/local/src/simulators`)."""

import json
import os
import urllib.request


def tell(method, path, body, simulator="FAL"):
    request = urllib.request.Request(f"{os.environ[simulator]}/_simulator/{path}", json.dumps(body).encode(), method=method)
    request.add_header("Content-Type", "application/json")
    urllib.request.urlopen(request, timeout=10).close()


def refuse_prompts_with(text, why):
    """fal accepts them and its model refuses them."""
    ending = {"refused": {"error_type": "content_policy_violation", "detail": why}}
    tell("POST", "verdicts", {"prompt_contains": text, "times": None, "ending": ending})


def render_for_s(seconds):
    """How long fal renders from now on, and whatever it renders now."""
    tell("PATCH", "settings", {"rendering_ms": seconds * 1000})

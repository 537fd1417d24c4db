"""Controls the simulated providers outside the stack (`infra/local/src/simulators`)."""

import json
import os
import urllib.request


def tell(method, path, body, simulator="FAL"):
    request = urllib.request.Request(f"{os.environ[simulator]}/_simulator/{path}", json.dumps(body).encode(), method=method)
    request.add_header("Content-Type", "application/json")
    urllib.request.urlopen(request, timeout=10).close()


def refuse_prompts_with(text, why):
    """fal accepts renders with this text in their prompt, and its model then refuses them."""
    ending = {"refused": {"error_type": "content_policy_violation", "detail": why}}
    tell("POST", "verdicts", {"prompt_contains": text, "times": None, "ending": ending})


def render_for_s(seconds):
    """Sets how long fal renders, for the current renders and for all later ones."""
    tell("PATCH", "settings", {"rendering_ms": seconds * 1000})

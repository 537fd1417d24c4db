"""Counts the requests that schemathesis sent, and fails if they are fewer than required.

    python tests/openapi/tally.py EVENTS.ndjson AT_LEAST

Without this count, a run that sent nothing would pass, and so would a run with a wrong key.
"""

import json
import sys
from collections import Counter, defaultdict


def main(events, at_least):
    phases, answers = Counter(), defaultdict(Counter)
    with open(events) as lines:
        for line in lines:
            for phase, operation, status in sent(json.loads(line)):
                phases[phase] += 1
                answers[operation][status] += 1
    for operation, statuses in sorted(answers.items()):
        print(f"  {operation}:", ", ".join(f"{count} × {status}" for status, count in sorted(statuses.items())))
    shown = ", ".join(f"{count} {phase}" for phase, count in phases.items())
    print(f"{phases.total()} test cases: {shown}")
    locked = [operation for operation, statuses in answers.items() if set(statuses) <= {0, 401}]
    if phases.total() < at_least:
        sys.exit(f"fewer than {at_least} test cases")
    if not phases["stateful"]:
        sys.exit("no link was followed")
    if locked:
        sys.exit(f"never got past its key: {', '.join(locked)}")


def sent(event):
    """The phase, the documented operation and the status of each request in a scenario."""
    scenario = event.get("ScenarioFinished")
    if not scenario:
        return
    recorder = scenario["recorder"]
    for case_id, case in recorder.get("cases", {}).items():
        value = case["value"]
        answer = recorder.get("interactions", {}).get(case_id, {}).get("response")
        status = answer["status_code"] if answer else 0
        operation = f"{value['method']} {value['path']}" if status != 405 else "other methods"
        yield scenario["phase"], operation, status


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

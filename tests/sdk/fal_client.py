"""Drives the simulated fal with fal's own Python client (fal-client 1.0.3).

    python fal_client.py BASE_URL KEY
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request
from importlib.metadata import version

if len(sys.argv) != 3:
    sys.exit(__doc__)
BASE, KEY = sys.argv[1].rstrip("/"), sys.argv[2]
os.environ["FAL_KEY"] = KEY

# The directory of a script comes first on the path, and this file has the name of the package.
sys.path[:] = [place for place in sys.path if os.path.abspath(place) != os.path.dirname(os.path.abspath(__file__))]

import fal_client  # noqa: E402
import fal_client.client  # noqa: E402

# The client only speaks HTTPS to its configured host. After the submission it uses the returned
# URLs.
fal_client.client.QUEUE_URL_FORMAT = BASE + "/"

KLING = "fal-ai/kling-video/v2/master/text-to-video"


def proved(text):
    print(f"fal_client.py: {text}", flush=True)


def control(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(f"{BASE}/_simulator/{path}", data, headers, method=method)
    with urllib.request.urlopen(request) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def fetch(url, method="GET", **headers):
    """Returns the status, the headers in lower case, and the body, even for an error."""
    request = urllib.request.Request(url, headers=headers, method=method)
    try:
        answer = urllib.request.urlopen(request)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read()


def refused(call):
    """The error that the client raises for an answer."""
    try:
        call()
    except fal_client.FalClientHTTPError as error:
        return error
    raise AssertionError("this was not refused")


def states(handle):
    """The classes of the statuses, in the order in which they were seen."""
    seen = []
    for status in handle.iter_events(with_logs=True, interval=0.05):
        if not seen or type(status) is not type(seen[-1]):
            seen.append(status)
    return seen


def a_render_from_submission_to_file():
    before = control("GET", "renders")["accepted"]
    handle = fal_client.submit(KLING, {"prompt": "a paper boat", "duration": "5", "aspect_ratio": "9:16"})
    assert handle.status_url == f"{BASE}/fal-ai/kling-video/requests/{handle.request_id}/status", handle.status_url
    seen = states(handle)
    assert [type(status) for status in seen] == [fal_client.Queued, fal_client.InProgress, fal_client.Completed], seen
    assert seen[0].position == 0 and seen[2].error is None and seen[2].metrics["inference_time"] > 0, seen
    assert [line["message"] for line in seen[2].logs] == ["rendering", "finished"], seen[2].logs
    video = handle.get()["video"]
    assert video["content_type"] == "video/mp4" and video["url"].startswith(BASE), video
    assert control("GET", "renders")["accepted"] == before + 1
    proved("submit, IN_QUEUE, IN_PROGRESS, COMPLETED, result")
    return video


def the_file_in_ranges(video):
    status, headers, whole = fetch(video["url"])
    assert (status, headers["content-type"], len(whole)) == (200, "video/mp4", video["file_size"]), headers
    assert whole[4:8] == b"ftyp" and headers["accept-ranges"] == "bytes"
    status, headers, part = fetch(video["url"], Range="bytes=100-299")
    assert (status, part) == (206, whole[100:300])
    assert headers["content-range"] == f"bytes 100-299/{len(whole)}", headers
    assert fetch(video["url"], Range="bytes=-7")[2] == whole[-7:]
    assert fetch(video["url"], Range=f"bytes={len(whole)}-")[0] == 416
    status, headers, nothing = fetch(video["url"], "HEAD")
    assert (status, headers["content-length"], nothing) == (200, str(len(whole)), b""), headers
    proved("the file whole, in ranges, by HEAD, without a key")


def wrong_input_is_refused_at_submission():
    error = refused(lambda: fal_client.submit(KLING, {"prompt": "a paper boat", "duration": "7"}))
    assert error.status_code == 422, error
    item = error.response.json()["detail"][0]
    assert (item["loc"], item["type"], item["input"]) == (["body", "duration"], "literal_error", "7"), item
    proved("a duration the model does not know is a 422")


def a_refused_prompt_completes_with_an_error():
    refusal = {"refused": {"error_type": "content_policy_violation", "detail": "The prompt was flagged."}}
    control("POST", "verdicts", {"prompt_contains": "forbidden", "times": 1, "ending": refusal})
    handle = fal_client.submit("fal-ai/veo3.1", {"prompt": "a forbidden thing"})
    last = states(handle)[-1]
    assert (last.error, last.error_type) == ("The prompt was flagged.", "content_policy_violation"), last
    error = refused(handle.get)
    assert error.status_code == 422, error
    assert error.response.json()["detail"][0]["type"] == "content_policy_violation", error
    headers = error.response.headers
    assert headers["x-fal-retryable"] == "false" and headers["x-fal-request-id"] == handle.request_id, headers
    proved("a refused render is COMPLETED with error and error_type, and its result is a 422")


def a_broken_runner_is_a_flat_error():
    broken = {"broken": {"status": 500, "error_type": "runner_server_error", "detail": "Runner crashed"}}
    control("POST", "verdicts", {"ending": broken})
    handle = fal_client.submit(KLING, {"prompt": "a paper boat"})
    assert states(handle)[-1].error_type == "runner_server_error"
    error = refused(handle.get)
    assert (error.status_code, error.error_type) == (500, "runner_server_error"), error
    proved("an infrastructure error is flat, with X-Fal-Error-Type")


def cancelling():
    handle = fal_client.submit(KLING, {"prompt": "a paper boat"})
    handle.cancel()
    assert type(handle.status()) is fal_client.Completed
    assert refused(handle.cancel).response.json() == {"status": "ALREADY_COMPLETED"}

    handle = fal_client.submit(KLING, {"prompt": "a paper boat"})
    while type(handle.status()) is fal_client.Queued:
        time.sleep(0.05)
    # The client ignores the body of a cancellation that succeeded.
    status, _, body = fetch(handle.cancel_url, "PUT", Authorization=f"Key {KEY}")
    assert (status, json.loads(body)) == (202, {"status": "CANCELLATION_REQUESTED"}), body
    unknown = fal_client.SyncClient(key=KEY).get_handle(KLING, "00000000-0000-4000-8000-000000000000")
    error = refused(unknown.cancel)
    assert (error.status_code, error.response.json()) == (404, {"status": "NOT_FOUND"}), error
    proved("cancel: OK, CANCELLATION_REQUESTED, ALREADY_COMPLETED, NOT_FOUND")


def the_door():
    stranger = fal_client.SyncClient(key="wrong:key")
    assert refused(lambda: stranger.submit(KLING, {"prompt": "a paper boat"})).status_code == 401
    assert fetch(f"{BASE}/{KLING}", "POST")[0] == 401
    key = {"Authorization": f"Key {KEY}"}
    assert fetch(f"{BASE}/{KLING}/requests/x/status", **key)[0] == 405
    assert fetch(f"{BASE}/fal-ai/runway", "POST", **key)[0] == 404
    proved("401 without the key, 405 for a segment too much, 404 for an unknown endpoint")


def a_lost_answer_is_rendered_twice():
    """The client repeats a submission whose answer was lost. That is why ours never does."""
    before = control("GET", "renders")["by_prompt"].get("a lost boat", 0)
    control("POST", "faults", {"step": "submit", "then": "close_after"})
    fal_client.submit(KLING, {"prompt": "a lost boat"})
    assert control("GET", "renders")["by_prompt"]["a lost boat"] == before + 2
    proved("an answer lost after the work makes the client submit, and fal render, twice")


control("DELETE", "faults")
control("DELETE", "verdicts")
control("PATCH", "settings", {"queued_ms": 600, "rendering_ms": 600})
the_file_in_ranges(a_render_from_submission_to_file())
wrong_input_is_refused_at_submission()
a_refused_prompt_completes_with_an_error()
a_broken_runner_is_a_flat_error()
cancelling()
the_door()
a_lost_answer_is_rendered_twice()
proved(f"all of it, with fal-client {version('fal_client')}")

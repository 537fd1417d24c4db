"""Drives the simulated Vertex with Google's own Python client (google-genai 3.4.0).

The client gets its tokens from google-auth.

    python google_genai.py BASE_URL PROJECT LOCATION SERVICE_ACCOUNT_JSON
"""

import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from importlib.metadata import version

from google import genai
from google.auth.exceptions import RefreshError
from google.genai import errors, types
from google.oauth2 import service_account

if len(sys.argv) != 5:
    sys.exit(__doc__)
BASE, PROJECT, LOCATION, KEY_FILE = sys.argv[1].rstrip("/"), *sys.argv[2:]
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
MODEL = "veo-3.1-generate-001"


def proved(text):
    print(f"google_genai.py: {text}", flush=True)


def control(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(f"{BASE}/_simulator/{path}", data, headers, method=method)
    with urllib.request.urlopen(request) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def client(key, project=PROJECT, self_signed=False):
    credentials = service_account.Credentials.from_service_account_info(key, scopes=[SCOPE])
    return genai.Client(
        vertexai=True,
        project=project,
        location=LOCATION,
        credentials=credentials.with_always_use_jwt_access(self_signed),
        # One attempt, because two submissions are paid twice.
        http_options=types.HttpOptions(base_url=BASE, retry_options=types.HttpRetryOptions(attempts=1)),
    )


with open(KEY_FILE) as file:
    KEY = json.load(file)
vertex = client(KEY)


def render(prompt, **config):
    return vertex.models.generate_videos(
        model=MODEL,
        source=types.GenerateVideosSource(prompt=prompt),
        config=types.GenerateVideosConfig(**config) if config else None,
    )


def finished(operation):
    seen = []
    while not operation.done:
        seen.append(operation.done)
        time.sleep(0.1)
        operation = vertex.operations.get(operation)
    assert seen, "it was done before it was asked for"
    return operation


def refused(call, kind=errors.APIError):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError("this was not refused")


def is_mp4(data, at_least=100_000):
    return data[4:8] == b"ftyp" and b"moov" in data[:4096] and len(data) >= at_least


def a_render_comes_inline():
    before = len([1 for seen in control("GET", "requests") if seen["path"] == "/token"])
    operation = render(
        "a paper boat", number_of_videos=1, duration_seconds=4, aspect_ratio="9:16", generate_audio=True, seed=7,
        negative_prompt="blur", enhance_prompt=True, person_generation="allow_adult", resolution="720p",
        compression_quality="optimized",
    )
    start = f"projects/{PROJECT}/locations/{LOCATION}/publishers/google/models/{MODEL}/operations/"
    assert operation.name.startswith(start) and not operation.done, operation
    operation = finished(operation)
    assert operation.error is None and operation.result.rai_media_filtered_count == 0, operation
    [generated] = operation.response.generated_videos
    assert generated.video.mime_type == "video/mp4" and generated.video.uri is None
    assert is_mp4(generated.video.video_bytes)
    tokens = [seen for seen in control("GET", "requests") if seen["path"] == "/token"]
    assert len(tokens) == before + 1 and tokens[-1]["method"] == "POST", tokens
    proved("one token by a signed assertion; submit, poll to done, the video inline")


def every_way_to_write_the_answer_is_read():
    for shape in (
        {"pretty": False},
        {"pretty": False, "reversed": True, "escapes": "slashes"},
        {"reversed": True, "escapes": "unicode", "pending": "done_false"},
    ):
        control("PATCH", "settings", shape)
        operation = finished(render("a paper boat", duration_seconds=4))
        assert is_mp4(operation.response.generated_videos[0].video.video_bytes), shape
    control("PATCH", "settings", {"pretty": True, "reversed": False, "escapes": "none", "pending": "bare"})
    proved("indented or not, in any order, with or without escapes, `done: false` or no `done`")


def a_large_video_comes_inline():
    control("POST", "verdicts", {"ending": {"video": {"bytes": 45_000_000}}})
    data = finished(render("a large boat")).response.generated_videos[0].video.video_bytes
    assert is_mp4(data) and len(data) == 45_000_000, len(data)
    proved("60 MB of base64")


def a_render_goes_to_a_bucket():
    operation = finished(render("a paper boat", output_gcs_uri="gs://films/boats", number_of_videos=2))
    videos = [generated.video for generated in operation.response.generated_videos]
    assert len(videos) == 2 and all(video.video_bytes is None for video in videos), videos
    bucket, name = videos[1].uri.removeprefix("gs://").split("/", 1)
    assert bucket == "films" and name.startswith("boats/") and name.endswith("/sample_1.mp4"), name
    url = f"{BASE}/storage/v1/b/{bucket}/o/{urllib.parse.quote(name, safe='')}?alt=media"
    token = {"Authorization": f"Bearer {vertex._api_client._credentials.token}"}
    with urllib.request.urlopen(urllib.request.Request(url, headers=token)) as answer:
        whole = answer.read()
        assert is_mp4(whole) and int(answer.headers["content-length"]) == len(whole)
    with urllib.request.urlopen(urllib.request.Request(url, headers={**token, "Range": "bytes=100-299"})) as answer:
        assert (answer.status, answer.read()) == (206, whole[100:300])
    assert refused(lambda: urllib.request.urlopen(url), urllib.error.HTTPError).code == 401
    proved("a storage URI, and the file from its bucket whole and in a range, with the token only")


def an_error_is_inside_a_200():
    control("POST", "verdicts", {"ending": {"error": {"code": 3, "message": "The prompt was refused."}}})
    operation = finished(render("a paper boat"))
    assert operation.error == {"code": 3, "message": "The prompt was refused."}, operation.error
    assert operation.response is None and operation.result is None, operation
    proved("an operation that ends with an error")


def the_filter_takes_videos_away():
    ending = {"filtered": {"reasons": ["Support codes: 58061214"], "left": "no_field"}}
    control("POST", "verdicts", {"ending": ending})
    response = finished(render("a paper boat")).response
    assert response.rai_media_filtered_count == 1 and response.generated_videos is None, response
    assert response.rai_media_filtered_reasons == ["Support codes: 58061214"], response
    control("POST", "verdicts", {"ending": {"filtered": {"left": {"videos": 1}}}})
    response = finished(render("a paper boat", number_of_videos=2)).response
    assert (response.rai_media_filtered_count, len(response.generated_videos)) == (1, 1), response
    control("POST", "verdicts", {"ending": "nothing"})
    operation = finished(render("a paper boat"))
    assert operation.response is None and operation.error is None
    proved("filtered with and without videos left, and done with nothing at all")


def what_is_refused():
    error = refused(lambda: render("a paper boat", duration_seconds=5), errors.ClientError)
    assert (error.code, error.status) == (400, "INVALID_ARGUMENT") and "duration 5" in error.message, error
    for model in ("veo-3.0-generate-001", "veo-3.1-generate-preview"):
        source = {"prompt": "a paper boat"}
        call = lambda: vertex.models.generate_videos(model=model, source=source)  # noqa: E731
        error = refused(call, errors.ClientError)
        assert (error.code, error.status) == (404, "NOT_FOUND") and model in error.message, error
    foreign = client(KEY, "another-project")
    error = refused(lambda: foreign.models.generate_videos(model=MODEL, source={"prompt": "a paper boat"}))
    assert (error.code, error.status) == (403, "PERMISSION_DENIED"), error
    operation = render("a paper boat")
    unknown = types.GenerateVideosOperation(name=operation.name[:-4] + "0000")
    error = refused(lambda: vertex.operations.get(unknown))
    assert (error.code, error.status) == (404, "NOT_FOUND"), error

    error = refused(lambda: client({**KEY, "client_email": "x@y.z"}).operations.get(operation), RefreshError)
    assert "invalid_grant: Invalid grant: account not found" in str(error), error
    error = refused(lambda: client({**KEY, "private_key_id": "0" * 40}).operations.get(operation), RefreshError)
    assert "invalid_grant: Invalid JWT Signature." in str(error), error
    proved("400, 403, 404 for a retired model and an unknown operation, and a token for nobody else")


def quota_and_capacity():
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34s"}]
    body = {"error": {"code": 429, "message": "Quota exceeded.", "status": "RESOURCE_EXHAUSTED", "details": details}}
    then = {"answer": {"status": 429, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}}
    before = control("GET", "renders")["accepted"]
    control("POST", "faults", {"step": "submit", "then": then})
    error = refused(lambda: render("a paper boat"), errors.ClientError)
    assert (error.code, error.status) == (429, "RESOURCE_EXHAUSTED"), error
    assert error.details["error"]["details"][0]["retryDelay"] == "34s", error.details
    assert control("GET", "renders")["accepted"] == before
    control("POST", "faults", {"step": "poll", "then": {"answer": {"status": 503}}})
    assert refused(lambda: vertex.operations.get(render("a paper boat")), errors.ServerError).code == 503
    proved("429 with its RetryInfo, 503")


def a_token_ends():
    control("PATCH", "settings", {"token_lives_s": 0})
    ended = client(KEY)
    # The token has already expired, so the client asks for another one, and is still refused.
    error = refused(lambda: ended.models.generate_videos(model=MODEL, source={"prompt": "a paper boat"}))
    assert (error.code, error.status) == (401, "UNAUTHENTICATED"), error
    control("PATCH", "settings", {"token_lives_s": 3599})
    proved("401 for a token that has ended")


def a_token_may_be_self_signed():
    def asked():
        return len([1 for seen in control("GET", "requests") if seen["path"] == "/token"])

    before = asked()
    lone = client(KEY, self_signed=True)
    assert lone.models.generate_videos(model=MODEL, source={"prompt": "a paper boat"}).name
    assert asked() == before
    proved("a token that the service account signs itself, without the token endpoint")


control("DELETE", "faults")
control("DELETE", "verdicts")
control("PATCH", "settings", {"queued_ms": 200, "rendering_ms": 200})
a_render_comes_inline()
every_way_to_write_the_answer_is_read()
a_large_video_comes_inline()
a_render_goes_to_a_bucket()
an_error_is_inside_a_200()
the_filter_takes_videos_away()
what_is_refused()
quota_and_capacity()
a_token_ends()
a_token_may_be_self_signed()
proved(f"all of it, with google-genai {version('google-genai')} and google-auth {version('google-auth')}")

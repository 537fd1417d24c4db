"""Calls our API with OpenAI's own Python client (openai 3.54.0).

    python openai_loop.py API_URL KEY

The loop is the one that the pages of the API publish. The exit status is 0 if everything holds.
With a live key it spends MXN 12.60, and with a sandbox key nothing. No other program may spend
meanwhile.
"""

import sys
import time
import urllib.request
import uuid
from decimal import Decimal
from importlib.metadata import version

import httpx2
import openai
from openai import OpenAI

if len(sys.argv) != 3:
    sys.exit(__doc__)
API, KEY = sys.argv[1:]

ORDER = {"model": "fal/kling-2", "prompt": "A hummingbird drinking from a cempasúchil flower at dawn", "duration": 5}
COST = Decimal("4.20")
FULL_ORDER = {
    "model": "fal/veo-3.1-lite",
    "prompt": ORDER["prompt"],
    "duration": 4,
    "aspect_ratio": "9:16",
    "resolution": "1080p",
    "generate_audio": False,
    "seed": 4294967295,
    "negative_prompt": "blur",
    "metadata": {"película": "amanecer", "take": "3"},
    "user": f"u-{uuid.uuid4()}",
}
LIVE = KEY.startswith("ghub_sk_live_")
CHARGED = COST if LIVE else 0  # a sandbox pays nothing
FIELDS = ["id", "object", "status", "model", "prompt", "video_url", "duration", "error", "created", "completed"]
UNKNOWN = "00000000-0000-4000-8000-000000000000"


class Wire(httpx2.HTTPTransport):
    """The client's transport: counts requests, keeps the last answer, can drop a header of it."""

    def __init__(self, losing=None):
        super().__init__()
        self.losing, self.sent, self.last, self.path = losing, 0, None, None

    def handle_request(self, request):
        self.sent += 1
        self.path = request.url.raw_path.decode()
        self.last = super().handle_request(request)
        if self.losing:
            del self.last.headers[self.losing]
        return self.last

    def balance(self):
        return Decimal(self.last.headers["x-geekhub-balance-mxn"])


def proved(text):
    print(f"openai_loop.py: {text}", flush=True)


def connect(wire, key=KEY):
    return OpenAI(base_url=API, api_key=key, http_client=httpx2.Client(transport=wire))


wire = Wire()
client = connect(wire)


def the_models():
    listed = {model.id: model for model in client.models.list()}
    assert {ORDER["model"], FULL_ORDER["model"]} <= set(listed), listed
    assert all(model.object == "model" for model in listed.values()), listed
    model = client.models.retrieve(ORDER["model"])
    assert wire.path.endswith("/v1/models/fal%2Fkling-2"), wire.path
    assert model == listed[model.id], model
    assert model.available is True and model.unavailable_reason is None, model
    assert ORDER["duration"] in model.durations and Decimal(model.mxn_per_second) * ORDER["duration"] == COST, model
    proved(f"{', '.join(sorted(listed))}: {model.id} by {model.provider} costs MXN {model.mxn_per_second} a second")
    full = listed[FULL_ORDER["model"]]
    inputs = full.inputs
    assert FULL_ORDER["resolution"] in inputs["resolution"]["values"], inputs
    assert FULL_ORDER["generate_audio"] in inputs["generate_audio"]["values"], inputs
    assert inputs["seed"]["max"] == FULL_ORDER["seed"] and inputs["negative_prompt"]["max"] == 2500, inputs
    assert model.inputs["resolution"] is None and model.inputs["seed"] is None, model
    row = next(row for row in full.prices if row["name"] == "1080p-silent")
    assert Decimal(row["mxn_per_second"]) * FULL_ORDER["duration"] == COST, row
    proved(f"{full.id} has {len(full.prices)} prices, and takes {', '.join(name for name in inputs if inputs[name])}")
    refused(openai.NotFoundError, 404, "model_not_found", lambda: client.models.retrieve("fal/none"))


def the_list(*jobs):
    """All jobs of the key; the client itself gets one page after the other."""
    listed = [job.id for job in client.videos.list(limit=1)]
    assert set(jobs) <= set(listed) and listed == sorted(set(listed), reverse=True), (jobs, listed)
    proved(f"videos.list() turns {len(listed)} pages of one job each, newest first")


def the_published_loop():
    job = client.post("/videos/generations", body=ORDER, cast_to=object)
    before = wire.balance()
    last = followed(job)
    video_url = last["video_url"]
    assert "/storage/v1/object/public/generated-videos/" in video_url, video_url
    # Sandbox jobs share one video.
    assert video_url.endswith(f"/{job['id'] if LIVE else 'sandbox'}/video.mp4"), video_url
    proved(f"{' → '.join(boxes(video_url))}, a whole MP4 at {video_url}")
    assert before - balance_after(job) == CHARGED, (before, wire.balance())
    proved(f"x-geekhub-balance-mxn went from {before} to {wire.balance()}")
    return job["id"]


def followed(job, order=ORDER):
    """Polls until the job is over, faster than the pages advise. Prints the states."""
    states = [job["status"]]
    while True:
        whole(job, order)
        if job["status"] == "completed":
            break
        assert job["status"] in ("pending", "processing"), job
        time.sleep(0.25)
        job = client.get(f"/videos/{job['id']}", cast_to=object)
        if job["status"] != states[-1]:
            states.append(job["status"])
    proved(f"{job['id']}: {' → '.join(states)}")
    return job


def whole(job, order):
    """Checks the ten fields, what was ordered, and that only a final job has an end."""
    assert list(job)[:10] == FIELDS, job
    assert job["object"] == "video.job" and job["error"] is None and isinstance(job["created"], int), job
    assert {name: job[name] for name in order} == order, job
    ended = job["status"] == "completed"
    assert isinstance(job["video_url"], str) == ended and isinstance(job["completed"], int) == ended, job


def every_field():
    """An order with every field: the job shows each of them, and the list finds it by its user."""
    full_order = lambda **change: client.post("/videos/generations", body={**FULL_ORDER, **change}, cast_to=object)
    error = refused(openai.BadRequestError, 400, "max_cost_exceeded", lambda: full_order(max_cost="4.199999"))
    assert "4.20" in error.message and "4.199999" in error.message, error.message
    job = full_order(max_cost=str(COST))
    before = wire.balance()
    billing = followed(job, FULL_ORDER)["billing"]
    assert billing["price_row"] == "1080p-silent" and Decimal(billing["estimate"]) == COST, billing
    assert before - balance_after(job) == CHARGED, (before, wire.balance())
    proved(f"{job['id']} shows {', '.join(FULL_ORDER)}, at the price {billing['price_row']}")
    of_user = lambda user: client.get("/videos", cast_to=object, options={"params": {"user": user}})["data"]
    assert [found["id"] for found in of_user(FULL_ORDER["user"])] == [job["id"]]
    assert of_user("u-0") == []
    proved("GET /videos?user= lists the jobs of that end user only")
    return job["id"]


def balance_after(job):
    client.get(f"/videos/{job['id']}", cast_to=object)
    return wire.balance()


def boxes(url):
    """The types of a file's boxes, which must fill the file exactly."""
    with urllib.request.urlopen(url) as answer:
        assert answer.headers["content-type"] == "video/mp4", answer.headers
        file = answer.read()
    names, at = [], 0
    while at < len(file):
        size, header = int.from_bytes(file[at : at + 4], "big"), 8
        if size == 1:
            size, header = int.from_bytes(file[at + 8 : at + 16], "big"), 16
        assert header <= size <= len(file) - at, f"a box of {size} bytes at {at} of {len(file)}"
        names.append(file[at + 4 : at + 8].decode("latin-1"))
        at += size
    assert names[0] == "ftyp" and {"moov", "mdat"} <= set(names), names
    return names


def the_pages_call_without_cast_to():
    before = wire.sent
    try:
        client.post("/videos/generations", body=ORDER)
    except TypeError as error:
        assert "cast_to" in str(error) and wire.sent == before
        proved(f"without cast_to nothing is sent: TypeError, {error}")
    else:
        raise AssertionError("the package takes a post without cast_to now: the examples can drop it")


def refused(kind, status, code, call):
    """Checks the error that the client raises: its class, our code and our request id."""
    try:
        call()
    except openai.APIStatusError as error:
        assert (type(error), error.status_code, error.code, error.type) == (kind, status, code, code), repr(error)
        assert error.request_id.startswith("req_") and len(error.request_id) == 28, error.request_id
        assert error.body["request_id"] == error.request_id and error.body["message"] in error.message, error.body
        proved(f"{status} {code} is {kind.__name__}, with {error.request_id}")
        return error
    raise AssertionError(f"not refused with {status} {code}")


def errors():
    order = lambda **change: client.post("/videos/generations", body={**ORDER, **change}, cast_to=object)
    stranger = connect(Wire(), "ghub_sk_live_" + "0" * 32)
    lookup = lambda who: lambda: who.get(f"/videos/{UNKNOWN}", cast_to=object)
    refused(openai.AuthenticationError, 401, "invalid_api_key", lookup(stranger))
    refused(openai.NotFoundError, 404, "job_not_found", lookup(client))
    refused(openai.NotFoundError, 404, "model_not_found", lambda: order(model="fal/none"))
    error = refused(openai.BadRequestError, 400, "invalid_request_error", lambda: order(duration=7))
    assert "duration" in error.message, error.message
    for unknown, meant in [("seconds", "duration"), ("aspectRatio", "aspect_ratio"), ("negative_promt", "negative_prompt")]:
        error = refused(openai.BadRequestError, 400, "invalid_request_error", lambda: order(**{unknown: "5"}))
        assert f"{unknown}: there is no such field; did you mean {meant}?" in error.message, error.message


def idempotency():
    key = {"headers": {"Idempotency-Key": str(uuid.uuid4())}}
    submit = lambda who, order: who.post("/videos/generations", body=order, cast_to=object, options=key)
    first = submit(client, ORDER)
    before = wire.balance()
    assert "idempotent-replayed" not in wire.last.headers
    again = submit(client, ORDER)
    assert (again["id"], wire.last.headers["idempotent-replayed"]) == (first["id"], "true"), again
    proved("a second submission with the same Idempotency-Key is the same job")

    other = {**ORDER, "prompt": "another one"}
    for wire_of, times in [(Wire(), 1), (Wire(losing="x-should-retry"), 3)]:
        caller = connect(wire_of)
        refused(openai.ConflictError, 409, "idempotency_conflict", lambda: submit(caller, other))
        assert wire_of.sent == times, wire_of.sent
    proved("a 409 is sent once; it would be sent three times without x-should-retry: false")

    followed(first)
    assert before - balance_after(first) == CHARGED, (before, wire.balance())
    proved("both submissions together cost one video")
    return first["id"]


the_models()
published = the_published_loop()
the_pages_call_without_cast_to()
errors()
the_list(published, every_field(), idempotency())
proved(f"all of it, with openai {version('openai')}")

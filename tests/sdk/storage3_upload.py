"""Proves the storage simulator with other people's clients: Supabase's own Python client and tuspy.

    python tests/sdk/storage3_upload.py http://127.0.0.1:PORT SECRET_KEY

Needs storage3==2.34.1 and tuspy==1.1.0. Ends with status 0 and one line when everything holds.
"""

import hashlib
import sys
import tempfile
import uuid

import httpx
from storage3 import SyncStorageClient
from storage3.exceptions import StorageApiError
from tusclient.client import TusClient

CHUNK = 6 * 1024 * 1024
VIDEO = b"\x00\x00\x00\x18ftypmp42" + bytes(range(256)) * 4000


def main(origin, key):
    headers = {"apikey": key} if key.startswith("sb_") else {"apikey": key, "Authorization": f"Bearer {key}"}
    base = f"{origin}/storage/v1/"
    client = SyncStorageClient(base, headers)
    name = f"proof-{uuid.uuid4()}"
    buckets(client, name)
    bucket = client.from_(name)
    uploads(bucket)
    reads(bucket, base)
    resumable(bucket, base, headers, name)
    removal(bucket)
    keys(base, key, name)
    print("storage3 and tuspy agree with the simulator")


def buckets(client, name):
    options = {"public": True, "file_size_limit": "10MB", "allowed_mime_types": ["video/mp4"]}
    assert client.create_bucket(name, options=options) == {"name": name}
    bucket = client.get_bucket(name)
    assert (bucket.public, bucket.file_size_limit, bucket.allowed_mime_types) == (True, 10_000_000, ["video/mp4"])
    assert name in [bucket.id for bucket in client.list_buckets()]
    refused(lambda: client.create_bucket(name), "409", "Duplicate")
    refused(lambda: client.get_bucket("no-such-bucket"), "404", "Bucket not found")


def uploads(bucket):
    options = {"content-type": "video/mp4", "cache-control": "60", "metadata": {"job": "1"}}
    assert bucket.upload("org/job 1.mp4", VIDEO, options).path == "org/job 1.mp4"
    refused(lambda: bucket.upload("org/job 1.mp4", VIDEO, options), "409", "Duplicate")
    bucket.upload("org/job 1.mp4", VIDEO, {**options, "upsert": "true"})
    bucket.update("org/job 2.mp4", VIDEO, options)
    refused(lambda: bucket.upload("org/a.txt", b"text"), "415", "invalid_mime_type")
    refused(lambda: bucket.upload("org/a.mp4", bytes(10_000_001), options), "413", "Payload too large")
    refused(lambda: bucket.upload("org/a~b.mp4", VIDEO, options), "400", "InvalidKey")


def reads(bucket, base):
    assert bucket.exists("org/job 1.mp4") and not bucket.exists("org/job 9.mp4")
    info = bucket.info("org/job 1.mp4")
    assert (info["size"], info["content_type"], info["metadata"]) == (len(VIDEO), "video/mp4", {"job": "1"})
    assert info["etag"] == f'"{hashlib.md5(VIDEO).hexdigest()}"'
    assert bucket.download("org/job 1.mp4") == VIDEO

    url = bucket.get_public_url("org/job 1.mp4")
    read = httpx.get(url)
    assert read.content == VIDEO and read.headers["cache-control"] == "max-age=60"
    assert httpx.head(url).headers["content-length"] == str(len(VIDEO))
    part = httpx.get(url, headers={"Range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, b"ftyp")

    assert [row["name"] for row in bucket.list()] == ["org"]
    assert [row["name"] for row in bucket.list("org")] == ["job 1.mp4", "job 2.mp4"]
    signed = bucket.create_signed_url("org/job 1.mp4", 60)["signedURL"]
    assert httpx.get(signed).content == VIDEO
    assert httpx.get(signed + "x").status_code == 400


def resumable(bucket, base, headers, name):
    """Half an upload by one client, the rest by another that knows only the URL."""
    video = VIDEO * 8
    assert CHUNK < len(video) < 10_000_000
    metadata = {"bucketName": name, "objectName": "org/tus.mp4", "contentType": "video/mp4", "cacheControl": "60"}
    tus = TusClient(f"{base}upload/resumable", headers={**headers, "x-upsert": "true"})
    with tempfile.NamedTemporaryFile() as file:
        file.write(video)
        file.flush()
        first = tus.uploader(file.name, chunk_size=CHUNK, metadata=metadata)
        first.upload_chunk()
        assert first.offset == CHUNK and not bucket.exists("org/tus.mp4")
        second = tus.uploader(file.name, chunk_size=CHUNK, url=first.url)
        assert second.offset == CHUNK
        second.upload()
    assert bucket.info("org/tus.mp4")["etag"] == f'"{hashlib.md5(video).hexdigest()}"'
    assert httpx.get(bucket.get_public_url("org/tus.mp4")).headers["cache-control"] == "max-age=60"


def removal(bucket):
    gone = bucket.remove(["org/job 1.mp4", "org/job 2.mp4", "org/tus.mp4", "org/none.mp4"])
    assert sorted(row["name"] for row in gone) == ["org/job 1.mp4", "org/job 2.mp4", "org/tus.mp4"]
    assert bucket.list() == []


def keys(base, key, name):
    stranger = SyncStorageClient(base, {"Authorization": "Bearer sb_secret_as_a_token"})
    refused(lambda: stranger.from_(name).upload("a.mp4", VIDEO, {"content-type": "video/mp4"}), "403", "Unauthorized")
    if key.startswith("sb_secret_"):
        browser = httpx.get(f"{base}bucket/{name}", headers={"apikey": key, "User-Agent": "Mozilla/5.0"})
        assert browser.status_code == 401


def refused(call, status, code):
    try:
        call()
    except StorageApiError as error:
        assert (str(error.status), error.code) == (status, code), error
    else:
        raise AssertionError(f"not refused with {status} {code}")


if __name__ == "__main__":
    main(*sys.argv[1:])

// Drives the simulated fal with fal's own JavaScript client (@fal-ai/client 1.10.1).
//
//   node fal_client.mjs BASE_URL KEY
//
// This client builds the URLs of status, result and cancel itself. So it proves the rule that these
// URLs only contain the owner and the app. The package is looked up in the working directory, where
// it was installed.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";

const [base, key] = process.argv.slice(2);
if (!base || !key) {
  console.error("node fal_client.mjs BASE_URL KEY");
  process.exit(2);
}
const require = createRequire(join(process.cwd(), "package.json"));
const { createFalClient, ApiError, ValidationError } = require("@fal-ai/client");

const client = (credentials) =>
  createFalClient({
    credentials,
    requestMiddleware: async (request) => ({ ...request, url: request.url.replace("https://queue.fal.run", base) }),
  });
const fal = client(key);
const LUMA = "fal-ai/luma-dream-machine/ray-2";
const HAILUO = "fal-ai/minimax/hailuo-02/standard/text-to-video";

const proved = (text) => console.log(`fal_client.mjs: ${text}`);

async function control(method, path, body) {
  const answer = await fetch(`${base}/_simulator/${path}`, {
    method,
    body: body && JSON.stringify(body),
    headers: { "content-type": "application/json" },
  });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${await answer.clone().text()}`);
  return answer.status === 204 ? undefined : answer.json();
}

/** The states, in the order in which they were seen, and the last answer. */
async function statesOf(endpoint, requestId) {
  const seen = [];
  for (;;) {
    const status = await fal.queue.status(endpoint, { requestId, logs: true });
    if (status.status !== seen.at(-1)) seen.push(status.status);
    if (status.status === "COMPLETED") return { seen, last: status };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function renderFromSubmissionToFile() {
  const input = { prompt: "a paper boat", duration: "9s", aspect_ratio: "21:9" };
  const submitted = await fal.queue.submit(LUMA, { input });
  assert.deepEqual(Object.keys(submitted).sort(), [
    "cancel_url", "logs", "metrics", "queue_position", "request_id", "response_url", "status", "status_url",
  ]);
  assert.equal(submitted.status, "IN_QUEUE");
  const { seen, last } = await statesOf(LUMA, submitted.request_id);
  assert.deepEqual(seen, ["IN_QUEUE", "IN_PROGRESS", "COMPLETED"]);
  assert.equal(last.logs.length, 2);
  const result = await fal.queue.result(LUMA, { requestId: submitted.request_id });
  assert.equal(result.requestId, submitted.request_id);
  assert.equal(result.data.video.content_type, "video/mp4");
  const file = await fetch(result.data.video.url);
  assert.equal((await file.arrayBuffer()).byteLength, result.data.video.file_size);
  proved("submit, IN_QUEUE, IN_PROGRESS, COMPLETED, result, file");
}

async function subscribing() {
  const seen = new Set();
  const result = await fal.subscribe(HAILUO, {
    input: { prompt: "a paper boat", duration: "6" },
    logs: true,
    pollInterval: 50,
    onQueueUpdate: (status) => seen.add(status.status),
  });
  assert.deepEqual([...seen], ["IN_QUEUE", "IN_PROGRESS", "COMPLETED"]);
  assert.ok(result.data.video.url.startsWith(base));
  proved("subscribe follows a render to its end");
}

async function wrongInput() {
  const error = await fal.queue.submit(LUMA, { input: { prompt: "a paper boat", duration: "6s" } }).catch((error) => error);
  assert.ok(error instanceof ValidationError, error);
  assert.equal(error.status, 422);
  assert.deepEqual(error.getFieldErrors("duration")[0].loc, ["body", "duration"]);

  await control("PATCH", "settings", { validate_at: "result" });
  const { request_id: requestId } = await fal.queue.submit(LUMA, { input: { prompt: "a paper boat", duration: "6s" } });
  await control("PATCH", "settings", { validate_at: "submit" });
  assert.equal((await statesOf(LUMA, requestId)).last.error_type, "literal_error");
  const late = await fal.queue.result(LUMA, { requestId }).catch((error) => error);
  assert.ok(late instanceof ValidationError, late);
  proved("wrong input is a ValidationError, at submission or at the result");
}

async function refusedPrompt() {
  const refused = { error_type: "content_policy_violation", detail: "The prompt was flagged." };
  await control("POST", "verdicts", { ending: { refused } });
  const { request_id: requestId } = await fal.queue.submit(HAILUO, { input: { prompt: "a paper boat" } });
  const { last } = await statesOf(HAILUO, requestId);
  assert.deepEqual([last.error, last.error_type], [refused.detail, refused.error_type]);
  const error = await fal.queue.result(HAILUO, { requestId }).catch((error) => error);
  assert.ok(error instanceof ValidationError, error);
  assert.equal(error.body.detail[0].type, "content_policy_violation");
  assert.equal(error.requestId, requestId);
  proved("a refused render is a ValidationError at the result");
}

async function tooEarlyAndCancel() {
  const { request_id: requestId } = await fal.queue.submit(LUMA, { input: { prompt: "a paper boat" } });
  const early = await fal.queue.result(LUMA, { requestId }).catch((error) => error);
  assert.ok(early instanceof ApiError && early.status === 400, early);
  await fal.queue.cancel(LUMA, { requestId });
  const { last } = await statesOf(LUMA, requestId);
  assert.equal(last.error_type, "client_cancelled");
  const again = await fal.queue.cancel(LUMA, { requestId }).catch((error) => error);
  assert.deepEqual([again.status, again.body], [400, { status: "ALREADY_COMPLETED" }]);
  proved("a result too early is a 400, a queued request is cancelled, a second cancel is refused");
}

async function theDoor() {
  const error = await client("wrong:key").queue.submit(LUMA, { input: { prompt: "a paper boat" } }).catch((error) => error);
  assert.ok(error instanceof ApiError && error.status === 401, error);
  const unknown = await fal.queue.submit("fal-ai/runway", { input: { prompt: "a paper boat" } }).catch((error) => error);
  assert.equal(unknown.status, 404);
  const workflow = await fal.queue.submit("workflows/me/film", { input: { prompt: "a paper boat" } });
  assert.equal(workflow.status_url, `${base}/workflows/me/film/requests/${workflow.request_id}/status`);
  await fal.queue.status("workflows/me/film", { requestId: workflow.request_id });
  proved("401 for a wrong key, 404 for an unknown endpoint, a workflow under its namespace");
}

await control("DELETE", "faults");
await control("DELETE", "verdicts");
await control("PATCH", "settings", { queued_ms: 600, rendering_ms: 600 });
await renderFromSubmissionToFile();
await subscribing();
await wrongInput();
await refusedPrompt();
await tooEarlyAndCancel();
await theDoor();

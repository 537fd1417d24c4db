// Calls our API with OpenAI's own TypeScript client (openai 7.57.0). After tsc:
//
//   node openai_loop.js API_URL KEY
//
// The loop is the one that the pages of the API publish. The exit status is 0 if everything holds.
// With a live key it spends MXN 12.60, and with a sandbox key nothing. No other program may spend
// meanwhile.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import OpenAI from "openai";

/** What a submit sends. */
interface VideoOrder {
  model: string;
  prompt: string;
  duration?: number;
  aspect_ratio?: string;
  resolution?: string;
  generate_audio?: boolean;
  seed?: number;
  negative_prompt?: string;
  metadata?: Record<string, string>;
  user?: string;
  max_cost?: string;
}

/** The answer of both of our endpoints. */
interface VideoJob {
  id: string;
  object: "video.job";
  status: "pending" | "processing" | "completed" | "failed";
  model: string;
  prompt: string;
  video_url: string | null;
  duration: number;
  error: string | null;
  created: number;
  completed: number | null;
  billing: { estimate: string; price_row: string | null };
  aspect_ratio: string | null;
  resolution: string | null;
  generate_audio: boolean | null;
  seed: number | null;
  negative_prompt: string | null;
  metadata: Record<string, string> | null;
  user: string | null;
}

/** The fields of a listed model beside OpenAI's own. */
interface Offer {
  provider: string;
  available: boolean;
  unavailable_reason: string | null;
  mxn_per_second: string;
  durations: number[];
  inputs: {
    resolution: { values: string[]; default: string } | null;
    generate_audio: { values: boolean[]; default: boolean } | null;
    seed: { min: number; max: number } | null;
    negative_prompt: { min: number; max: number; default: string | null } | null;
  };
  prices: { name: string; mxn_per_second: string }[];
  retires: number | null;
}

const [api, key] = process.argv.slice(2);
if (!api || !key) {
  console.error("node openai_loop.js API_URL KEY");
  process.exit(2);
}

const ORDER: VideoOrder = { model: "fal/kling-2", prompt: "A hummingbird drinking from a cempasúchil flower at dawn", duration: 5 };
const FULL_ORDER = {
  model: "fal/veo-3.1-lite",
  prompt: ORDER.prompt,
  duration: 4,
  aspect_ratio: "9:16",
  resolution: "1080p",
  generate_audio: false,
  seed: 4294967295,
  negative_prompt: "blur",
  metadata: { película: "amanecer", take: "3" },
  user: `u-${randomUUID()}`,
} satisfies VideoOrder;
const COST = 4_200_000;
const LIVE = key.startsWith("ghub_sk_live_");
const CHARGED = LIVE ? COST : 0; // a sandbox pays nothing
const FIELDS = ["id", "object", "status", "model", "prompt", "video_url", "duration", "error", "created", "completed"];
const UNKNOWN = "00000000-0000-4000-8000-000000000000";

const proved = (text: string): void => console.log(`openai_loop.ts: ${text}`);

/** A client that counts its requests. It can drop a header of every answer. */
function connect({ apiKey = key, losing }: { apiKey?: string | undefined; losing?: string } = {}) {
  const wire = { sent: 0, path: "" };
  const client = new OpenAI({
    baseURL: api,
    apiKey,
    fetch: async (input, init) => {
      wire.sent += 1;
      wire.path = new URL(String(input instanceof Request ? input.url : input)).pathname;
      const answer = await fetch(input, init);
      if (!losing) return answer;
      const headers = new Headers(answer.headers);
      headers.delete(losing);
      return new Response(answer.body, { status: answer.status, headers });
    },
  });
  return { client, wire };
}

const { client, wire } = connect();

async function theModels(): Promise<void> {
  const listed = new Map<string, OpenAI.Models.Model>();
  for await (const model of client.models.list()) listed.set(model.id, model);
  const model = (await client.models.retrieve(ORDER.model)) as OpenAI.Models.Model & Offer;
  assert.ok(wire.path.endsWith("/v1/models/fal%2Fkling-2"), wire.path);
  assert.deepEqual(model, listed.get(ORDER.model));
  assert.deepEqual([model.object, model.available, model.unavailable_reason], ["model", true, null]);
  assert.ok(model.durations.includes(5));
  assert.equal(Math.round(Number(model.mxn_per_second) * 5 * 1_000_000), COST);
  assert.deepEqual([model.inputs.resolution, model.inputs.generate_audio, model.inputs.seed], [null, null, null]);
  proved(`${[...listed.keys()].join(", ")}: ${model.id} by ${model.provider} costs MXN ${model.mxn_per_second} a second`);
  const { inputs, prices } = listed.get(FULL_ORDER.model) as OpenAI.Models.Model & Offer;
  assert.ok(inputs.resolution?.values.includes(FULL_ORDER.resolution));
  assert.ok(inputs.generate_audio?.values.includes(FULL_ORDER.generate_audio));
  assert.deepEqual([inputs.seed?.max, inputs.negative_prompt?.max], [FULL_ORDER.seed, 2500]);
  const row = prices.find(({ name }) => name === "1080p-silent");
  assert.equal(Math.round(Number(row?.mxn_per_second) * FULL_ORDER.duration * 1_000_000), COST);
  proved(`${FULL_ORDER.model} has ${prices.length} prices`);
  await refused(OpenAI.NotFoundError, 404, "model_not_found", client.models.retrieve("fal/none"));
}

/** All jobs of the key; the client itself gets one page after the other. */
async function theList(...jobs: string[]): Promise<void> {
  const listed: string[] = [];
  for await (const job of client.videos.list({ limit: 1 })) listed.push(job.id);
  assert.ok(jobs.every((job) => listed.includes(job)));
  assert.deepEqual(listed, [...new Set(listed)].sort().reverse());
  proved(`videos.list() turns ${listed.length} pages of one job each, newest first`);
}

async function thePublishedLoop(): Promise<string> {
  const submitted = client.post<VideoJob>("/videos/generations", { body: ORDER });
  const { data: job, response } = await submitted.withResponse();
  const before = balance(response);
  const url = (await followed(job)).video_url ?? assert.fail("completed without a video");
  assert.ok(url.includes("/storage/v1/object/public/generated-videos/"), url);
  // Sandbox jobs share one video.
  assert.ok(url.endsWith(`/${LIVE ? job.id : "sandbox"}/video.mp4`), url);
  proved(`${(await boxes(url)).join(" → ")}, a whole MP4 at ${url}`);
  assert.equal(before - (await balanceAfter(job)), CHARGED);
  proved(`x-geekhub-balance-mxn fell by ${CHARGED / 1_000_000}`);
  return job.id;
}

/** Polls until the job is over, faster than the pages advise, and prints the states. */
async function followed(job: VideoJob, order: VideoOrder = ORDER): Promise<VideoJob> {
  const states = [job.status];
  for (;;) {
    whole(job, order);
    if (job.status === "completed") break;
    assert.ok(job.status === "pending" || job.status === "processing", JSON.stringify(job));
    await sleep(250);
    job = await client.get<VideoJob>(`/videos/${job.id}`);
    if (job.status !== states.at(-1)) states.push(job.status);
  }
  proved(`${job.id}: ${states.join(" → ")}`);
  return job;
}

/** Checks the ten fields, what was ordered, and that only a final job has an end. */
function whole(job: VideoJob, order: VideoOrder): void {
  assert.deepEqual(Object.keys(job).slice(0, 10), FIELDS);
  assert.equal(job.object, "video.job");
  assert.equal(job.error, null);
  assert.ok(Number.isInteger(job.created));
  const shown = Object.keys(order).map((name) => [name, job[name as keyof VideoJob]]);
  assert.deepEqual(Object.fromEntries(shown), order);
  const ended = job.status === "completed";
  assert.equal(typeof job.video_url === "string", ended);
  assert.equal(Number.isInteger(job.completed), ended);
}

/** An order with every field: the job shows each of them, and the list finds it by its user. */
async function everyField(): Promise<string> {
  const submit = (max_cost: string) => {
    const body: VideoOrder = { ...FULL_ORDER, max_cost };
    return client.post<VideoJob>("/videos/generations", { body });
  };
  const error = await refused(OpenAI.BadRequestError, 400, "max_cost_exceeded", submit("4.199999"));
  assert.match(error.message, /4\.20, .* 4\.199999/);
  const { data: job, response } = await submit("4.20").withResponse();
  const { billing } = await followed(job, FULL_ORDER);
  assert.deepEqual([billing.price_row, billing.estimate], ["1080p-silent", "4.20"]);
  assert.equal(balance(response) - (await balanceAfter(job)), CHARGED);
  proved(`${job.id} shows ${Object.keys(FULL_ORDER).join(", ")}, at the price ${billing.price_row}`);
  const ofUser = async (user: string): Promise<string[]> => {
    const page = await client.get<{ data: VideoJob[] }>("/videos", { query: { user } });
    return page.data.map(({ id }) => id);
  };
  assert.deepEqual([await ofUser(FULL_ORDER.user), await ofUser("u-0")], [[job.id], []]);
  proved("GET /videos?user= lists the jobs of that end user only");
  return job.id;
}

/** The balance in the header of an answer, in millionths of a peso. */
function balance(response: Response): number {
  const text = response.headers.get("x-geekhub-balance-mxn");
  assert.match(text ?? "none", /^-?\d+\.\d{2,6}$/);
  return Math.round(Number(text) * 1_000_000);
}

async function balanceAfter(job: VideoJob): Promise<number> {
  return balance(await client.get(`/videos/${job.id}`).asResponse());
}

/** The types of a file's boxes, which must fill the file exactly. */
async function boxes(url: string): Promise<string[]> {
  const answer = await fetch(url);
  assert.equal(answer.headers.get("content-type"), "video/mp4");
  const file = Buffer.from(await answer.arrayBuffer());
  const names: string[] = [];
  for (let at = 0, size = 0; at < file.length; at += size) {
    const long = file.readUInt32BE(at) === 1;
    size = long ? Number(file.readBigUInt64BE(at + 8)) : file.readUInt32BE(at);
    assert.ok(size >= (long ? 16 : 8) && size <= file.length - at, `a box of ${size} bytes at ${at} of ${file.length}`);
    names.push(file.toString("latin1", at + 4, at + 8));
  }
  assert.equal(names[0], "ftyp");
  assert.ok(names.includes("moov") && names.includes("mdat"), names.join());
  return names;
}

/** Checks the error that the client raises: its class, and our code and request id in its fields. */
async function refused(
  kind: new (...args: never[]) => InstanceType<typeof OpenAI.APIError>,
  status: number,
  code: string,
  call: Promise<unknown>,
): Promise<InstanceType<typeof OpenAI.APIError>> {
  const error = await call.then(() => assert.fail(`not refused with ${status} ${code}`), (error: unknown) => error);
  assert.ok(error instanceof kind, String(error));
  assert.deepEqual([error.status, error.code, error.type], [status, code, code]);
  assert.match(error.requestID ?? "none", /^req_[0-9a-f]{24}$/);
  assert.equal((error.error as { request_id: string }).request_id, error.requestID);
  proved(`${status} ${code} is ${kind.name}, with ${error.requestID}`);
  return error;
}

async function errors(): Promise<void> {
  const order = (change: object) => client.post("/videos/generations", { body: { ...ORDER, ...change } });
  const stranger = connect({ apiKey: `ghub_sk_live_${"0".repeat(32)}` }).client;
  await refused(OpenAI.AuthenticationError, 401, "invalid_api_key", stranger.get(`/videos/${UNKNOWN}`));
  await refused(OpenAI.NotFoundError, 404, "job_not_found", client.get(`/videos/${UNKNOWN}`));
  await refused(OpenAI.NotFoundError, 404, "model_not_found", order({ model: "fal/none" }));
  const error = await refused(OpenAI.BadRequestError, 400, "invalid_request_error", order({ duration: 7 }));
  assert.match(error.message, /duration/);
  for (const [unknown, meant] of [
    ["seconds", "duration"],
    ["aspectRatio", "aspect_ratio"],
    ["negative_promt", "negative_prompt"],
  ] as const) {
    const sent = order({ [unknown]: "5" });
    const { message } = await refused(OpenAI.BadRequestError, 400, "invalid_request_error", sent);
    assert.ok(message.includes(`${unknown}: there is no such field; did you mean ${meant}?`), message);
  }
}

async function idempotency(): Promise<string> {
  const headers = { "Idempotency-Key": randomUUID() };
  const submit = (who: OpenAI, body: object) => who.post<VideoJob>("/videos/generations", { body, headers });
  const first = await submit(client, ORDER).withResponse();
  const before = balance(first.response);
  assert.equal(first.response.headers.get("idempotent-replayed"), null);
  const again = await submit(client, ORDER).withResponse();
  assert.deepEqual([again.data.id, again.response.headers.get("idempotent-replayed")], [first.data.id, "true"]);
  proved("a second submission with the same Idempotency-Key is the same job");

  for (const { caller, times } of [
    { caller: connect(), times: 1 },
    { caller: connect({ losing: "x-should-retry" }), times: 3 },
  ]) {
    const other = { ...ORDER, prompt: "another one" };
    await refused(OpenAI.ConflictError, 409, "idempotency_conflict", submit(caller.client, other));
    assert.equal(caller.wire.sent, times);
  }
  proved("a 409 is sent once; it would be sent three times without x-should-retry: false");

  await followed(first.data);
  assert.equal(before - (await balanceAfter(first.data)), CHARGED);
  proved("both submissions together cost one video");
  return first.data.id;
}

await theModels();
const published = await thePublishedLoop();
await errors();
await theList(published, await everyField(), await idempotency());
proved("all of it");

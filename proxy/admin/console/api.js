// The API with the token that a person entered. The token lives in this tab alone: in memory, and
// in sessionStorage so that a reload of the page keeps it.

import { say } from "./words.js";

const KEY = "countermark.token";
let token = sessionStorage.getItem(KEY) || "";

/** What the API says went wrong; a status of 0: it said nothing. */
export class Problem extends Error {
  constructor(status, body) {
    super(body?.detail || `HTTP ${status}`);
    this.status = status;
    this.body = body || {};
  }
}

export function setToken(value) {
  token = value;
  if (value) {
    sessionStorage.setItem(KEY, value);
  } else {
    sessionStorage.removeItem(KEY);
  }
}

export function hasToken() {
  return token !== "";
}

/** A proxy that does not answer, in our words instead of the browser's. */
async function reach(answer, words) {
  try {
    return await answer;
  } catch (fault) {
    throw fault instanceof TypeError ? new Problem(0, { detail: say(words) }) : fault;
  }
}

async function ask(path, options = {}) {
  const headers = { ...options.headers };
  if (token) {
    headers.Authorization = `Bearer ${token}`;
  }
  const reply = await fetch(path, {
    ...options, headers, credentials: "omit", cache: "no-store", redirect: "error",
    referrerPolicy: "no-referrer",
  });
  if (!reply.ok) {
    throw new Problem(reply.status, await reply.json().catch(() => null));
  }
  return reply;
}

async function askFor(path, kind, options) {
  return (await ask(path, options))[kind]();
}

export function get(path) {
  return reach(askFor(`/api/v1${path}`, "json"), "unreachable");
}

export function post(path, order) {
  return reach(askFor(`/api/v1${path}`, "json", {
    method: "POST", body: JSON.stringify(order), headers: { "Content-Type": "application/json" },
  }), "unreachable.change");
}

export function metricsText() {
  return reach(askFor("/metrics", "text"), "unreachable");
}

/** The report as a file of the browser's own, and the name to save it by. */
export function file(path) {
  return reach(ask(`/api/v1${path}`).then(async (reply) => {
    const name = /filename="([^"]+)"/.exec(reply.headers.get("Content-Disposition") || "");
    return { url: URL.createObjectURL(await reply.blob()), name: name ? name[1] : "" };
  }), "unreachable");
}

/** Server-sent events by fetch, because EventSource cannot carry a token. Returns at the end. */
export async function listen(path, signal, onEvent) {
  const reply = await ask(`/api/v1${path}`, { signal });
  const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) {
      return;
    }
    const blocks = (waiting + value).split("\n\n");
    waiting = blocks.pop();
    for (const block of blocks) {
      const data = block.split("\n").filter((line) => line.startsWith("data: "));
      if (data.length > 0) {
        onEvent(JSON.parse(data.map((line) => line.slice(6)).join("\n")));
      }
    }
  }
}

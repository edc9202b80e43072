/** The server said no: `message` is for the person, `shown` when it also arrives as a private message. */
export class Refusal extends Error {
  constructor(message, shown) {
    super(message);
    this.shown = shown;
  }
}

/** No answer came, so whether the server acted is unknown; sending the same event id again is safe. */
class Unreachable extends Error {}

const RETRY_DELAYS_MS = [400, 1200, 3000];

async function ask(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...options });
  } catch {
    throw new Unreachable("The server cannot be reached.");
  }
  const body = await response.json().catch(() => null);
  if (response.ok) return body;
  throw new Refusal(
    body?.error ?? `The server answered ${response.status}. Please try again.`,
    body?.shown === true,
  );
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const segment = encodeURIComponent;

export const getMembers = () => ask("/api/members");
export const getCommands = () => ask("/api/commands");
export const getInfo = (member) => ask(`/api/info?member=${segment(member)}`);
export const getMessages = (member) => ask(`/api/messages?member=${segment(member)}`);
export const eventsUrl = (member) => `/api/events?member=${segment(member)}`;

const sendJson = (method, path, body) =>
  ask(path, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

/** Adds a reaction, or takes the member's own away. */
export const sendReaction = (message, member, emoji, mine) =>
  sendJson(mine ? "DELETE" : "POST", `/api/messages/${segment(message)}/reactions`, { member, emoji });

export const postAction = (message, member, action) =>
  sendJson("POST", `/api/messages/${segment(message)}/actions/${segment(action)}`, { member });

/** Sends a command; a dropped connection is tried again under the same event id, which is one command. */
export async function postCommand({ member, text, files, event }) {
  for (const delay of [...RETRY_DELAYS_MS, null]) {
    try {
      return await ask("/api/commands", { method: "POST", body: commandForm(member, text, files, event) });
    } catch (error) {
      if (!(error instanceof Unreachable) || delay === null) throw error;
      await pause(delay);
    }
  }
}

function commandForm(member, text, files, event) {
  const form = new FormData();
  form.append("member", member);
  form.append("text", text);
  form.append("event", event);
  for (const file of files) form.append("attachment", file, file.name);
  return form;
}

/** A random event id; `crypto.randomUUID` would need a secure context. */
export function newEvent() {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}

/** Asks until it answers, for what the page cannot begin without. */
export async function untilAnswered(question, onWait) {
  for (let delay = 500; ; delay = Math.min(delay * 2, 8000)) {
    try {
      return await question();
    } catch {
      onWait();
      await pause(delay);
    }
  }
}

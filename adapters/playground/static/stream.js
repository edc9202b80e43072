import { eventsUrl } from "./api.js";

const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 15_000;

/**
 * The live events of one member. `handlers`: message, deleted, commands, resync, state("open" | "lost").
 * The browser reconnects by itself with Last-Event-ID; where it gives up, this opens a new stream.
 * After every drop a resync is asked for: cheap, and right whatever the server still remembers.
 */
export class Stream {
  #handlers;
  #source = null;
  #member = null;
  #timer = null;
  #delay = FIRST_DELAY_MS;
  #lost = false;

  constructor(handlers) {
    this.#handlers = handlers;
    addEventListener("online", () => this.#lost && this.#open());
  }

  connect(member) {
    this.#member = member;
    this.#lost = false;
    this.#open();
  }

  #open() {
    clearTimeout(this.#timer);
    this.#source?.close();
    const source = new EventSource(eventsUrl(this.#member));
    this.#source = source;
    source.addEventListener("open", () => this.#opened());
    source.addEventListener("error", () => this.#dropped(source));
    source.addEventListener("message", (event) => this.#pass("message", event));
    source.addEventListener("deleted", (event) => this.#pass("deleted", event));
    source.addEventListener("commands", () => this.#handlers.commands());
    source.addEventListener("resync", () => this.#handlers.resync());
  }

  #pass(name, event) {
    const data = parse(event.data);
    if (data?.id != null) this.#handlers[name](data);
  }

  #opened() {
    this.#delay = FIRST_DELAY_MS;
    this.#handlers.state("open");
    if (this.#lost) this.#handlers.resync();
    this.#lost = false;
  }

  #dropped(source) {
    if (source !== this.#source) return;
    this.#lost = true;
    this.#handlers.state("lost");
    if (source.readyState !== EventSource.CLOSED) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#open(), this.#delay);
    this.#delay = Math.min(this.#delay * 2, LONGEST_DELAY_MS);
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

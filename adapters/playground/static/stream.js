import { eventsUrl } from "./api.js";

const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 15_000;
const REST_AFTER_MS = 5000;

/**
 * The live events of one member. `handlers`: message, deleted, commands, resync, state("open" | "lost").
 * The browser reconnects by itself with Last-Event-ID; where it gives up, this opens a new stream.
 * After every drop a resync is asked for: cheap, and right whatever the server still remembers.
 * All tabs of a browser share six connections to a server, so a page that nobody looks at rests without one.
 */
export class Stream {
  #handlers;
  #source = null;
  #member = null;
  #timer = null;
  #resting = null;
  #delay = FIRST_DELAY_MS;
  #behind = false;

  constructor(handlers) {
    this.#handlers = handlers;
    addEventListener("online", () => this.#source && this.#behind && this.#open());
    document.addEventListener("visibilitychange", () => this.#turned());
  }

  connect(member) {
    this.#member = member;
    this.#behind = false;
    if (isHidden()) this.#rest();
    else this.#open();
  }

  /** The page was turned to, or away from. */
  #turned() {
    clearTimeout(this.#resting);
    if (isHidden()) this.#resting = setTimeout(() => this.#rest(), REST_AFTER_MS);
    else if (this.#member && !this.#source) this.#open();
  }

  #rest() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
    this.#behind = true;
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
    if (this.#behind) this.#handlers.resync();
    this.#behind = false;
  }

  #dropped(source) {
    if (source !== this.#source) return;
    this.#behind = true;
    this.#handlers.state("lost");
    if (source.readyState !== EventSource.CLOSED) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#open(), this.#delay);
    this.#delay = Math.min(this.#delay * 2, LONGEST_DELAY_MS);
  }
}

const isHidden = () => document.visibilityState === "hidden";

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

import { dayText, midnight } from "./clock.js";
import { Dismissed } from "./dismissed.js";
import { el } from "./dom.js";
import { MessageView } from "./message.js";

const KEPT = 200;
const SPOKEN_KEPT = 20;

/** The messages of the channel in order. Fresh ones are announced; changed ones are patched in place. */
export class Timeline {
  #views = new Map();
  #order = [];
  #touched = null;
  #dismissed = new Dismissed();

  constructor({ list, announcer, scroll, context, onCount }) {
    Object.assign(this, { list, announcer, scroll, onCount });
    this.context = {
      ...context,
      find: (id) => this.#views.get(id) ?? null,
      show: (id) => this.#reveal(id),
      dismiss: (id) => this.#dismiss(id),
    };
  }

  clear() {
    this.#views.clear();
    this.#order = [];
    this.list.replaceChildren();
    this.announcer.replaceChildren();
    this.scroll.toEnd();
  }

  /** A message from the live stream. */
  receive(message) {
    const id = String(message.id);
    this.#touched?.add(id);
    if (this.#dismissed.has(message)) return;
    const known = this.#views.get(id);
    if (known) return known.update(message);
    const view = this.#insert(message);
    this.#finish();
    this.#announce(view);
    if (view.author.id === this.context.member()) this.scroll.toEnd();
    else this.scroll.arrived();
  }

  remove(id) {
    this.#touched?.add(id);
    this.#drop(id);
    this.#finish();
  }

  /** Loads the whole history; what the stream says meanwhile is newer and wins. */
  async load(question) {
    const touched = new Set();
    this.#touched = touched;
    const messages = await question();
    if (this.#touched !== touched || !Array.isArray(messages)) return;
    this.#touched = null;
    const recent = messages.slice(-KEPT);
    const present = new Set(recent.map(({ id }) => String(id)));
    for (const id of [...this.#views.keys()]) if (!present.has(id) && !touched.has(id)) this.#drop(id);
    for (const message of recent) if (!touched.has(String(message.id))) this.#place(message);
    this.#finish();
    if (this.scroll.stuck) this.scroll.toEnd();
  }

  #place(message) {
    const id = String(message.id);
    if (this.#dismissed.has(message)) return;
    const known = this.#views.get(id);
    if (known) known.update(message);
    else this.#insert(message);
  }

  /** By time of creation; of two at the same time the first to arrive stays first. */
  #insert(message) {
    const view = new MessageView(message, this.context);
    let place = this.#order.length;
    while (place > 0 && this.#order[place - 1].time > view.time) place -= 1;
    this.list.insertBefore(view.element, this.#order[place]?.element ?? null);
    this.#order.splice(place, 0, view);
    this.#views.set(view.id, view);
    return view;
  }

  #drop(id) {
    const view = this.#views.get(id);
    if (!view) return;
    this.#views.delete(id);
    this.#order.splice(this.#order.indexOf(view), 1);
    view.element.remove();
  }

  /** What depends on neighbours: days, joined messages, the limit, the empty page. */
  #finish() {
    const excess = this.#order.length - (this.scroll.stuck ? KEPT : 2 * KEPT);
    if (excess > 0) for (const { id } of this.#order.slice(0, excess)) this.#drop(id);
    for (const divider of this.list.querySelectorAll(".day")) divider.remove();
    let previous = null;
    for (const view of this.#order) {
      const newDay = !previous || midnight(previous.time) !== midnight(view.time);
      if (newDay) view.element.before(dayView(view.time));
      view.joins(newDay ? null : previous);
      previous = view;
    }
    this.onCount(this.#order.length);
  }

  #announce(view) {
    this.announcer.append(el("p", {}, view.spoken()));
    while (this.announcer.childElementCount > SPOKEN_KEPT) this.announcer.firstElementChild.remove();
  }

  #reveal(id) {
    const element = this.#views.get(id)?.element;
    element?.scrollIntoView({ block: "center" });
    element?.classList.add("is-found");
    setTimeout(() => element?.classList.remove("is-found"), 1600);
  }

  #dismiss(id) {
    this.#dismissed.add(this.#views.get(id).message);
    this.#drop(id);
    this.#finish();
    document.getElementById("composer-input").focus();
  }
}

const dayView = (time) =>
  el("li", { class: "day", "data-testid": "day-divider" }, el("span", {}, dayText(time)));

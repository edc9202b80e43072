import { countdown, parseTime } from "./clock.js";
import { el, section, setAttribute, setText } from "./dom.js";
import { icon } from "./icons.js";
import { richText } from "./richtext.js";

const STATES = {
  queued: { text: "Queued", icon: "clock", live: true },
  submitting: { text: "Submitting", icon: "clock", live: true },
  running: { text: "Rolling", icon: "animate", live: true },
  collecting: { text: "Collecting", icon: "down", live: true },
  delivering: { text: "Delivering", icon: "down", live: true },
  delivered: { text: "Delivered", icon: "check" },
  failed: { text: "Failed", icon: "alert" },
  cancelled: { text: "Cancelled", icon: "close" },
  uncertain: { text: "Uncertain", icon: "alert" },
  undeliverable: { text: "Not delivered", icon: "alert" },
};

/** The slate of a job. It is patched in place: a progress tick moves the bar and nothing else. */
export class CardView {
  constructor(buttons) {
    this.title = el("span", { class: "card-title" });
    this.state = el("span", { class: "card-state", "data-testid": "card-state" });
    this.prompt = el("p", { class: "card-prompt" });
    this.inputs = el("div", { class: "card-inputs", hidden: true });
    this.lines = el("dl", { class: "card-lines" });
    this.bar = el(
      "div",
      {
        class: "bar",
        role: "progressbar",
        "aria-label": "Progress",
        "aria-valuemin": 0,
        "aria-valuemax": 100,
        "data-testid": "progress",
      },
      el("span", {}),
    );
    this.percent = el("span", { class: "card-percent", "aria-hidden": "true" });
    this.foot = el("div", { class: "card-foot" }, this.bar, this.percent, buttons);
    this.element = el(
      "div",
      { class: "card", "data-testid": "card" },
      el("div", { class: "card-head" }, this.title, this.state),
      this.prompt,
      this.inputs,
      this.lines,
      this.foot,
    );
    this.buttons = buttons;
    this.showState = section(this.state, (state) => [icon(state.icon), state.text]);
    this.showInputs = section(this.inputs, (inputs) => inputs.map(inputView));
    this.showPrompt = section(this.prompt, (text) => richText(text));
    this.showLines = section(this.lines, (lines) => lines.map(lineView));
  }

  update(card) {
    const state = STATES[card.state] ?? { text: card.state ?? "", icon: "clock" };
    this.element.dataset.state = card.state ?? "";
    setText(this.title, [card.owner, card.title].filter(Boolean).join(" · "));
    this.showState(state);
    this.showPrompt(card.prompt ?? "");
    this.showInputs(card.inputs ?? []);
    this.showLines(card.lines ?? []);
    this.#showProgress(card, Boolean(state.live));
    this.foot.hidden = !state.live && this.buttons.hidden;
  }

  #showProgress({ progress, state }, live) {
    const known = progress > 0; // at the start nobody can say how far it is
    const percent = known ? Math.round(Math.min(progress, 1) * 100) : null;
    const waiting = state === "queued" || state === "submitting";
    this.bar.hidden = !live;
    this.percent.hidden = !live || !known;
    setAttribute(this.bar, "aria-valuenow", percent ?? (waiting ? 0 : null));
    this.bar.dataset.mode = known ? "known" : waiting ? "waiting" : "unknown";
    this.bar.firstChild.style.setProperty("--progress", `${percent ?? 0}%`);
    setText(this.percent, known ? `${percent}%` : "");
  }
}

/** What the job was given: a small picture, or the name of a video. */
function inputView({ url, name, content_type: type }) {
  if (!String(type).startsWith("image/")) return el("span", { class: "card-input-name" }, name);
  return el("img", { class: "card-input", src: url, alt: `Attached: ${name}`, title: name });
}

function lineView({ label, value, until }) {
  const time = parseTime(until);
  const shown = time === null ? richText(value) : [countdown(time)];
  return el("div", {}, el("dt", {}, label), el("dd", {}, shown));
}

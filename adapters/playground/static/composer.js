import { newEvent, postCommand, Refusal } from "./api.js";
import { accept, chosenModel, suggest, tokenize } from "./commandline.js";
import { byId, el } from "./dom.js";
import { Suggestions } from "./suggestions.js";
import { Tray } from "./tray.js";

const REMEMBERED = 50;
const UNSURE = "The connection dropped before an answer came. Press send again: it will not run twice.";

/** The message box: suggestions while typing, files, sending, and the commands sent before. */
export class Composer {
  #commands = [];
  #sent = [];
  #recalled = null;
  #event = null;
  #sending = false;
  #place = null;

  constructor({ member, isAdmin }) {
    Object.assign(this, { member, isAdmin });
    this.input = byId("composer-input");
    this.sendButton = byId("send");
    this.error = byId("composer-error");
    this.usage = byId("usage");
    this.menu = new Suggestions(byId("suggestions"), this.input, (item) => this.#accept(item));
    this.tray = new Tray(() => this.#changed());
    this.#listen();
  }

  setCommands(commands) {
    if (JSON.stringify(commands) === JSON.stringify(this.#commands)) return;
    this.#commands = commands;
    if (document.activeElement === this.input) this.#suggest();
  }

  /** Puts a ready example into the box, for the person to send or to change. */
  fill(text, files = []) {
    this.tray.clear();
    this.tray.add(files);
    this.#write(text, text.length);
    this.input.focus();
    this.menu.close();
  }

  /** Names a result as an input: of what is being typed, or of a new command that suits its kind. */
  refer({ job, kind }) {
    const text = this.input.value.trimEnd();
    const begun = text || (kind === "video" ? "/animate" : "/imagine");
    const written = `${begun} --ref ${job}`;
    const named = /--ref (?:"([^"]*)"|(\S+))/.exec(text);
    const merged = named && text.replace(named[0], `--ref "${named[1] ?? named[2]} ${job}"`);
    const caret = text ? (merged ?? written).length : begun.length + 1;
    this.#write(merged ?? (text ? written : `${begun}  --ref ${job}`), caret);
    this.input.focus();
    this.menu.close();
  }

  /** Another member speaks now: what is in the box stays, but would be a command of theirs. */
  memberChanged() {
    this.#event = null;
    this.showError("");
  }

  showError(text) {
    this.error.textContent = text;
    this.error.hidden = !text;
  }

  #listen() {
    const { input } = this;
    byId("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    input.addEventListener("input", () => {
      this.#recalled = null;
      this.#changed();
      this.#suggest();
    });
    input.addEventListener("keydown", (event) => this.#key(event));
    input.addEventListener("click", () => this.#suggest());
    input.addEventListener(
      "keyup",
      (event) => /^(ArrowLeft|ArrowRight|Home|End)$/.test(event.key) && this.#suggest(),
    );
    input.addEventListener("blur", () => this.menu.close());
    input.addEventListener("paste", (event) => this.tray.takePaste(event));
  }

  #key(event) {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = this.menu.open ? this.#menuKey(event) : null;
    if (act ?? this.#boxKey(event)) event.preventDefault();
  }

  /** Keys while the menu is open; null leaves the key to the box. */
  #menuKey({ key, shiftKey }) {
    const { menu } = this;
    if (key === "ArrowDown" || key === "ArrowUp") return (menu.move(key === "ArrowDown" ? 1 : -1), true);
    if (key === "Escape") return (menu.close(), true);
    if (key === "Tab" && !shiftKey) return (this.#accept(menu.active ?? menu.first), true);
    if (key !== "Enter" || shiftKey || !menu.active || isTyped(menu.active)) return null;
    return (this.#accept(menu.active), true);
  }

  #boxKey({ key, shiftKey }) {
    if (key === "Enter" && !shiftKey) return (this.#send(), true);
    if (key === "ArrowUp" && (this.input.value === "" || this.input.value === this.#recalled))
      return this.#recall();
    return false;
  }

  #recall() {
    const place = this.#recalled === null ? this.#sent.length : this.#sent.lastIndexOf(this.#recalled);
    const text = this.#sent[place - 1];
    if (text === undefined) return false;
    this.#write(text, text.length);
    this.#recalled = text;
    return true;
  }

  #suggest() {
    const { input } = this;
    const place = suggest(input.value, input.selectionStart, this.#commands, this.isAdmin());
    this.#place = place;
    this.menu.show(place.items, place.highlight);
    this.#showUsage(place);
  }

  #showUsage({ command, hint }) {
    this.usage.hidden = !command;
    if (!command) return;
    const model = chosenModel(command, tokenize(this.input.value));
    const needed = neededFiles(command.attachments, model, this.tray.files.length);
    this.usage.replaceChildren(
      el("code", {}, command.usage ?? `/${command.name}`),
      el("span", { class: "usage-hint" }, hint || command.summary || ""),
      ...(needed ? [el("span", { class: "usage-needs" }, needed)] : []),
    );
  }

  #accept(item) {
    const { text, caret } = accept(this.input.value, this.#place, item);
    this.#write(text, caret);
    this.#suggest();
  }

  #write(text, caret) {
    this.input.value = text;
    this.input.setSelectionRange(caret, caret);
    this.#changed();
    this.#showUsage(suggest(text, caret, this.#commands, this.isAdmin()));
  }

  /** Anything that changes what would be sent makes it another command, hence another event id. */
  #changed() {
    const { input } = this;
    this.#event = null;
    input.style.height = "auto";
    input.style.height = `${input.scrollHeight}px`;
    this.sendButton.disabled = this.#sending || (!input.value.trim() && this.tray.files.length === 0);
    if (this.#place?.command) this.#showUsage(this.#place);
  }

  async #send() {
    const text = this.input.value.trim();
    const { files } = this.tray;
    if (this.#sending || (!text && files.length === 0)) return;
    this.menu.close();
    this.#event ??= newEvent();
    this.#busy(true);
    try {
      await postCommand({ member: this.member(), text, files, event: this.#event });
      this.#succeeded(text, files);
    } catch (error) {
      this.#failed(error);
    }
    this.#busy(false);
  }

  /** Clears what was sent; what was added or written meanwhile stays for the next command. */
  #succeeded(text, files) {
    this.showError("");
    if (text) this.#sent = [...this.#sent.filter((other) => other !== text), text].slice(-REMEMBERED);
    this.tray.remove(files);
    if (this.input.value.trim() !== text) return;
    this.#recalled = null;
    this.#place = null;
    this.#write("", 0);
  }

  /** An answer settles the event, so the next try is a new one; without an answer it stays the same. */
  #failed(error) {
    const answered = error instanceof Refusal;
    if (answered) this.#event = null;
    this.showError(!answered ? UNSURE : error.shown ? "" : error.message);
  }

  #busy(sending) {
    this.#sending = sending;
    this.input.readOnly = sending;
    this.sendButton.setAttribute("aria-busy", String(sending));
    this.sendButton.disabled = sending || (!this.input.value.trim() && this.tray.files.length === 0);
  }
}

/** Enter on what is there in full already sends instead of adding a space. */
const isTyped = (item) => item.exact && (item.kind === "value" || (item.kind === "command" && item.complete));

function neededFiles(rule, model, count) {
  const least = rule?.by_model?.[model] ?? rule?.min ?? 0;
  if (count >= least) return "";
  const kind = (rule.kinds ?? []).join(" or ") || "file";
  const many = rule.max > least ? `${least}–${rule.max}` : least;
  return many === 1 ? `Attach ${/^[aeiou]/.test(kind) ? "an" : "a"} ${kind}` : `Attach ${many} ${kind}s`;
}

import { byId, el } from "./dom.js";
import { icon } from "./icons.js";
import { sizeText } from "./media.js";

/** The files that go with the next command, from the picker, a drop anywhere on the page, or a paste. */
export class Tray {
  #list;
  #entries = [];
  #onChange;

  constructor(onChange) {
    this.#list = byId("tray");
    this.#onChange = onChange;
    this.#listenToPicker();
    this.#listenToDrops();
  }

  get files() {
    return this.#entries.map(({ file }) => file);
  }

  add(files) {
    for (const file of files) this.#entries.push(this.#entry(file));
    this.#show();
  }

  clear() {
    this.remove(this.files);
  }

  /** Takes these files out; those that were added since stay. */
  remove(files) {
    for (const { file, url } of this.#entries) if (files.includes(file)) URL.revokeObjectURL(url);
    this.#entries = this.#entries.filter(({ file }) => !files.includes(file));
    this.#show();
  }

  /** Takes the files of a paste; text is left to the message box. */
  takePaste(event) {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    this.add(files);
  }

  #entry(file) {
    const url = URL.createObjectURL(file);
    const entry = { file, url };
    const remove = el(
      "button",
      {
        type: "button",
        class: "tray-remove",
        "aria-label": `Remove ${file.name}`,
        "data-testid": "remove-attachment",
        on: { click: () => this.#removeByHand(file) },
      },
      icon("close"),
    );
    const words = el(
      "span",
      { class: "tray-words" },
      el("span", { class: "file-name" }, file.name),
      el("span", { class: "file-size" }, sizeText(file.size)),
    );
    entry.element = el(
      "li",
      { class: "tray-item", "data-testid": "pending-attachment", "data-name": file.name },
      thumbnail(file, url),
      words,
      remove,
    );
    return entry;
  }

  #removeByHand(file) {
    this.remove([file]);
    byId("composer-input").focus();
  }

  #show() {
    this.#list.replaceChildren(...this.#entries.map(({ element }) => element));
    this.#list.hidden = this.#entries.length === 0;
    this.#onChange();
  }

  #listenToPicker() {
    const picker = byId("file-input");
    byId("attach").addEventListener("click", () => picker.click());
    picker.addEventListener("change", () => {
      this.add(picker.files);
      picker.value = "";
      byId("composer-input").focus();
    });
  }

  /** Enter and leave events come for every element that the pointer crosses, so they are counted. */
  #listenToDrops() {
    const overlay = byId("drop");
    let depth = 0;
    const track = (change) => (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      depth = change === 0 ? 0 : Math.max(depth + change, 0);
      overlay.hidden = depth === 0;
    };
    addEventListener("dragenter", track(1));
    addEventListener("dragleave", track(-1));
    addEventListener(
      "dragover",
      (event) => event.dataTransfer?.types.includes("Files") && event.preventDefault(),
    );
    addEventListener("drop", (event) => {
      track(0)(event);
      if (event.dataTransfer?.files.length) this.add(event.dataTransfer.files);
    });
  }
}

function thumbnail(file, url) {
  const fallback = () => el("span", { class: "tray-thumb" }, icon("file"));
  if (!/^(image|video)\//.test(file.type)) return fallback();
  const image = file.type.startsWith("image/");
  const node = image
    ? el("img", { alt: "" })
    : el("video", { preload: "metadata", "aria-hidden": "true", tabindex: "-1" });
  node.className = "tray-thumb";
  node.muted = true;
  node.addEventListener("error", () => node.replaceWith(fallback()));
  node.src = url;
  return node;
}

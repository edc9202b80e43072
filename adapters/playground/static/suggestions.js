import { el } from "./dom.js";

/** The listbox above the message box. Focus stays in the box; the box names the active option. */
export class Suggestions {
  #list;
  #box;
  #items = [];
  #active = -1;

  constructor(list, box, onAccept) {
    this.#list = list;
    this.#box = box;
    list.addEventListener("pointerdown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) onAccept(this.#items[Number(option.dataset.index)]);
    });
  }

  get open() {
    return this.#items.length > 0;
  }

  get active() {
    return this.#items[this.#active] ?? null;
  }

  get first() {
    return this.#items[0] ?? null;
  }

  show(items, highlight) {
    this.#items = items;
    this.#list.replaceChildren(...items.map(optionView));
    this.#list.hidden = !this.open;
    this.#box.setAttribute("aria-expanded", String(this.open));
    this.#activate(highlight && this.open ? 0 : -1);
  }

  close() {
    this.show([], false);
  }

  move(step) {
    const count = this.#items.length;
    const from = this.#active < 0 && step < 0 ? 0 : this.#active;
    this.#activate((from + step + count) % count);
  }

  #activate(index) {
    this.#active = index;
    for (const [place, option] of [...this.#list.children].entries())
      option.setAttribute("aria-selected", String(place === index));
    const option = this.#list.children[index];
    if (!option) return this.#box.removeAttribute("aria-activedescendant");
    this.#box.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }
}

function optionView(item, index) {
  return el(
    "li",
    {
      class: `suggestion ${item.kind}`,
      role: "option",
      id: `suggestion-${index}`,
      "aria-selected": "false",
      "data-testid": "suggestion",
      "data-index": index,
      "data-value": item.value ?? item.insert,
    },
    el("span", { class: "suggestion-label" }, item.label),
    item.detail && el("span", { class: "suggestion-detail" }, item.detail),
    item.badge && el("span", { class: "tag" }, item.badge),
  );
}

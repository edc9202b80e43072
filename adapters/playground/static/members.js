import { byId, el, setText } from "./dom.js";
import { initialsView } from "./message.js";

const KEY = "dailies.member";

/** The switch between the members of the playground, as radio buttons. */
export class Members {
  #all = [];
  #current = null;

  constructor(onSwitch) {
    this.onSwitch = onSwitch;
  }

  get all() {
    return this.#all;
  }

  get current() {
    return this.#current;
  }

  /** Shows the members; who was chosen by address, then who was chosen last, then the first is current. */
  start(members) {
    this.#all = members;
    const wanted = [new URLSearchParams(location.search).get("member"), localStorage.getItem(KEY)];
    this.#current =
      wanted.map((id) => members.find((member) => member.id === id)).find(Boolean) ?? members[0];
    byId("members-list").replaceChildren(...members.map((member) => this.#option(member)));
  }

  #option(member) {
    const input = el("input", {
      type: "radio",
      name: "member",
      value: member.id,
      class: "sr-only",
      checked: member === this.#current,
      "aria-label": member.admin ? `${member.name}, admin` : member.name,
      on: { change: () => this.#choose(member) },
    });
    return el(
      "label",
      {
        class: "member",
        title: member.name,
        "data-testid": "member-option",
        "data-member-id": member.id,
        "data-admin": String(Boolean(member.admin)),
      },
      input,
      initialsView(member.id, member.name),
      el("span", { class: "member-name" }, member.name),
      member.admin && el("span", { class: "tag" }, "admin"),
    );
  }

  #choose(member) {
    this.#current = member;
    localStorage.setItem(KEY, member.id);
    const address = new URL(location.href);
    if (address.searchParams.has("member")) {
      address.searchParams.set("member", member.id);
      history.replaceState(null, "", address);
    }
    this.onSwitch(member);
  }
}

/** What the server says of itself and of the current member's credits. */
export function showInfo({ live, credits_left: left, allowance }) {
  const mode = byId("mode");
  mode.hidden = typeof live !== "boolean";
  mode.dataset.live = String(Boolean(live));
  setText(mode, live ? "Live" : "Demo · simulated Runway");
  byId("credits").hidden = !Number.isFinite(left);
  if (!Number.isFinite(left)) return;
  setText(byId("credits-left"), left.toLocaleString("en"));
  setText(
    byId("credits-of"),
    Number.isFinite(allowance) ? `of ${allowance.toLocaleString("en")} credits left` : "credits left",
  );
  showMeter(left, allowance);
}

function showMeter(left, allowance) {
  const meter = byId("credits-meter");
  meter.hidden = !(allowance > 0);
  if (meter.hidden) return;
  const share = Math.min(Math.max(left / allowance, 0), 1);
  meter.setAttribute("aria-valuemax", String(allowance));
  meter.setAttribute("aria-valuenow", String(Math.min(Math.max(left, 0), allowance)));
  meter.dataset.low = String(share < 0.15);
  meter.firstElementChild.style.setProperty("--progress", `${share * 100}%`);
}

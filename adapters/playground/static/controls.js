import { el } from "./dom.js";
import { icon, withDrawnEmoji } from "./icons.js";

const QUICK = [
  ["🔁", "Retry by reacting 🔁"],
  ["⬆️", "Upscale by reacting ⬆️"],
];
const bare = (emoji) => String(emoji).replace(/\uFE0F/g, "");

/** The buttons of a message; `press(action)` answers with a promise, and until then the button is busy. */
export function buttonViews(buttons, press) {
  return buttons.map(({ label, action, style, disabled }) =>
    el(
      "button",
      {
        type: "button",
        class: `button ${style === "primary" || style === "danger" ? style : ""}`.trim(),
        "data-testid": "action-button",
        "data-action": action,
        "data-focus": `action ${action}`,
        disabled: Boolean(disabled),
        on: { click: (event) => once(event.currentTarget, () => press(action)) },
      },
      withDrawnEmoji(label ?? action),
    ),
  );
}

/** A result as an input of the next command: nothing is sent yet, the message box is filled. */
export const referenceView = (choose) =>
  el(
    "button",
    {
      type: "button",
      class: "button",
      "data-testid": "use-as-reference",
      "data-focus": "reference",
      on: { click: choose },
    },
    "Use as reference",
  );

/** Existing reactions as pills, then the quick ones that nobody has used yet where the message invites them. */
export function reactionViews({ reactions, quick }, react) {
  const present = new Set(reactions.map(({ emoji }) => bare(emoji)));
  const offers = quick ? QUICK.filter(([emoji]) => !present.has(bare(emoji))) : [];
  return [
    ...reactions.map((reaction) => pill(reaction, react)),
    ...offers.map(([emoji, label]) =>
      reactionButton(emoji, "reaction offer", label, () => react(emoji, false), withDrawnEmoji(emoji)),
    ),
  ];
}

function pill({ emoji, count, mine }, react) {
  const verb = QUICK.find(([known]) => bare(known) === bare(emoji))?.[1] ?? `React ${emoji}`;
  const label = `${verb}, ${count ?? 1} so far${mine ? ", yours among them" : ""}`;
  const button = reactionButton(emoji, "reaction", label, () => react(emoji, Boolean(mine)), [
    withDrawnEmoji(emoji),
    el("span", { class: "reaction-count" }, String(count ?? 1)),
  ]);
  button.setAttribute("aria-pressed", String(Boolean(mine)));
  return button;
}

const reactionButton = (emoji, kind, label, press, content) =>
  el(
    "button",
    {
      type: "button",
      class: kind,
      "aria-label": label,
      title: label.split(",")[0],
      "data-testid": "reaction",
      "data-emoji": emoji,
      "data-focus": `reaction ${bare(emoji)}`,
      on: { click: (event) => once(event.currentTarget, press) },
    },
    content,
  );

/** A second click while the first is on its way does nothing. */
async function once(button, effect) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  await effect();
  button.removeAttribute("aria-busy");
}

export function dismissView(dismiss) {
  return el(
    "p",
    { class: "private-note" },
    icon("eye"),
    el("span", {}, "Only you can see this"),
    el(
      "button",
      { type: "button", class: "link-button", "data-testid": "dismiss-button", on: { click: dismiss } },
      "Dismiss",
    ),
  );
}

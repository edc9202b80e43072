import { el } from "./dom.js";
import { icon } from "./icons.js";

const SAMPLE = "/static/sample.jpg";
const EXAMPLES = [
  { icon: "image", title: "Make an image", text: "/imagine a lighthouse at dusk, oil on canvas" },
  {
    icon: "animate",
    title: "Animate this photo",
    text: "/animate the clouds drift and the lake shimmers",
    sample: true,
  },
  { icon: "coins", title: "See your credits", text: "/credits" },
];

/** The empty channel teaches with three examples that fill the message box. */
export function buildWelcome(host, fill) {
  host.replaceChildren(
    el("div", { class: "welcome-leader", "aria-hidden": "true" }, el("span", {}, "3")),
    el("h2", { id: "welcome-title" }, "No takes yet"),
    el(
      "p",
      {},
      "Images and videos that you ask for appear here, for everyone in the channel. Try one of these:",
    ),
    el(
      "ul",
      { class: "examples", role: "list" },
      EXAMPLES.map((example) => el("li", {}, exampleView(example, fill))),
    ),
    el(
      "p",
      { class: "welcome-tip" },
      "React ",
      icon("repeat"),
      " to a result for another take, or ",
      icon("up"),
      " for a larger one.",
    ),
  );
}

function exampleView(example, fill) {
  const picture = example.sample
    ? el("img", { class: "example-photo", src: SAMPLE, alt: "", width: 1280, height: 720 })
    : el("span", { class: "example-icon" }, icon(example.icon));
  const choose = async () => fill(example.text, example.sample ? await sampleFiles() : []);
  return el(
    "button",
    {
      type: "button",
      class: "example",
      "data-testid": "example-chip",
      "data-text": example.text,
      on: { click: choose },
    },
    picture,
    el("span", { class: "example-title" }, example.title),
    el("code", {}, example.text),
  );
}

async function sampleFiles() {
  const response = await fetch(SAMPLE).catch(() => null);
  if (!response?.ok) return [];
  return [new File([await response.blob()], "sample.jpg", { type: "image/jpeg" })];
}

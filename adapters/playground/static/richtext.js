import { fullTime, relativeTime } from "./clock.js";
import { el } from "./dom.js";
import { withDrawnEmoji } from "./icons.js";

/** Plain text as it is, or the server's spans, as nodes. Nothing in a text is ever parsed. */
export function richText(content) {
  if (Array.isArray(content)) return content.flatMap(spanNodes);
  return withDrawnEmoji(String(content ?? ""));
}

function spanNodes({ kind, text, at }) {
  if (kind === "bold") return [el("strong", {}, withDrawnEmoji(text))];
  if (kind === "code") return [el("code", {}, text)];
  if (kind === "who") return [el("span", { class: "mention" }, text)];
  if (kind === "time") return [fullTime(Date.parse(at))];
  if (kind === "relative") return [relativeTime(Date.parse(at))];
  return withDrawnEmoji(String(text ?? ""));
}

/** The same text for a place that shows no formatting, such as a quote or an announcement. */
export function plainText(text, limit = 240) {
  const words = String(text ?? "");
  return words.length > limit ? `${words.slice(0, limit - 1)}…` : words;
}

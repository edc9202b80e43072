import { fullTime, relativeTime } from "./clock.js";
import { el } from "./dom.js";
import { withDrawnEmoji } from "./icons.js";

/** Plain text as it is, or the server's spans, as nodes. Nothing in a text is ever parsed. */
export function richText(content) {
  if (Array.isArray(content)) return content.flatMap(spanNodes);
  return withDrawnEmoji(String(content ?? ""));
}

function spanNodes({ kind, text, at, url }) {
  if (kind === "link") return [linkView(text, url)];
  if (kind === "bold") return [el("strong", {}, withDrawnEmoji(text))];
  if (kind === "code") return [el("code", {}, text)];
  if (kind === "who") return [el("span", { class: "mention" }, text)];
  if (kind === "time") return [fullTime(Date.parse(at))];
  if (kind === "relative") return [relativeTime(Date.parse(at))];
  return withDrawnEmoji(String(text ?? ""));
}

/** Only links to our own signed files open; whatever else were sent here stays words. */
function linkView(text, address) {
  const url = URL.canParse(String(address)) ? new URL(address) : null;
  const ours = url && /^https?:$/.test(url.protocol) && url.pathname.startsWith("/files/");
  if (!ours || !url.searchParams.has("signature")) return String(text);
  return el("a", { href: url.href, target: "_blank", rel: "noopener noreferrer" }, text);
}

/** The same text for a place that shows no formatting, such as a quote or an announcement. */
export function plainText(text, limit = 240) {
  const words = String(text ?? "");
  return words.length > limit ? `${words.slice(0, limit - 1)}…` : words;
}

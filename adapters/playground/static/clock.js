import { el, setText } from "./dom.js";

const TICK_MS = 1000;
const STEPS = [
  [60, "second", 1],
  [3600, "minute", 60],
  [86400, "hour", 3600],
  [Infinity, "day", 86400],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const hour = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const within = new Intl.DateTimeFormat(undefined, {
  month: "short",
  day: "numeric",
  hour: "numeric",
  minute: "2-digit",
});
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "long", timeStyle: "short" });
const day = new Intl.DateTimeFormat("en", { weekday: "long", day: "numeric", month: "long" });

/** "in 40 seconds", "3 minutes ago"; seconds go in fives, so that a countdown stays calm. */
function relativeText(time, now = Date.now()) {
  const seconds = Math.round((time - now) / 1000);
  const size = Math.abs(seconds);
  if (size < 3) return "now";
  if (size > 10 && size < 60) return relative.format(Math.round(seconds / 5) * 5, "second");
  const [, unit, length] = STEPS.find(([limit]) => size < limit);
  return relative.format(Math.round(seconds / length), unit);
}

/** Milliseconds of an ISO time, or null when it is none. */
export function parseTime(iso) {
  const time = Date.parse(iso ?? "");
  return Number.isNaN(time) ? null : time;
}

const timeNode = (time, text, extra = {}) =>
  el("time", { datetime: new Date(time).toISOString(), title: full.format(time), ...extra }, text);

export const relativeTime = (time) => timeNode(time, relativeText(time), { "data-relative": "both" });

/** A countdown, for an estimate that has no meaning once it has passed. */
export const countdown = (time) => timeNode(time, countdownText(time), { "data-relative": "until" });

export const fullTime = (time) => timeNode(time, (sameYear(time) ? within : full).format(time));
export const hourTime = (time) => timeNode(time, hour.format(time));

const sameYear = (time) => new Date(time).getFullYear() === new Date().getFullYear();
const countdownText = (time) => (time - Date.now() < 3000 ? "any moment" : relativeText(time));

/** The day of a message as a heading: Today, Yesterday, or its date. */
export function dayText(time) {
  const days = Math.round((midnight(Date.now()) - midnight(time)) / 86_400_000);
  if (days === 0) return "Today";
  return days === 1 ? "Yesterday" : day.format(time);
}

export function midnight(time) {
  return new Date(time).setHours(0, 0, 0, 0);
}

/** Keeps every relative time of the page current. */
export function startClock() {
  setInterval(() => {
    for (const node of document.querySelectorAll("time[data-relative]")) {
      const time = Date.parse(node.dateTime);
      setText(node, node.dataset.relative === "until" ? countdownText(time) : relativeText(time));
    }
  }, TICK_MS);
}

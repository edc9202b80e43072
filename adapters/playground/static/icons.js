const NAMESPACE = "http://www.w3.org/2000/svg";

const PATHS = {
  alert:
    "M12 8v5M12 16.500v.01M10.300 3.900 2.600 17.200A2 2 0 0 0 4.300 20.200h15.400a2 2 0 0 0 1.700-3L13.700 3.900a2 2 0 0 0-3.400 0z",
  animate:
    "M4 5h16v14H4zM4 9.500h16M4 14.500h16M8.500 5v4.500M15.500 5v4.500M8.500 14.500V19M15.500 14.500V19",
  check: "m5 12.500 4.500 4.500L19 7.500",
  clip: "m20 11.500-8.200 8.200a5.200 5.200 0 0 1-7.400-7.400l8.500-8.500a3.500 3.500 0 0 1 5 5l-8.400 8.300a1.750 1.750 0 0 1-2.500-2.500l7.700-7.600",
  clock: "M12 3.500a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17zM12 7.500V12l3 2",
  close: "m6 6 12 12M18 6 6 18",
  coins:
    "M9 6c0 1.400 2.700 2.500 6 2.500S21 7.400 21 6s-2.700-2.500-6-2.500S9 4.600 9 6zM9 6v5c0 1.400 2.700 2.500 6 2.500s6-1.100 6-2.500V6M3 13c0 1.400 2.700 2.500 6 2.500M3 13v5c0 1.400 2.700 2.500 6 2.500s6-1.100 6-2.500v-4.700M3 13c0-1.100 1.700-2.100 4-2.400",
  down: "M12 5v14M6 13l6 6 6-6",
  edit: "M4 20h4L19.500 8.500a2.100 2.100 0 0 0-3-3L5 17z",
  eye: "M3 3l18 18M10.600 5.200A10 10 0 0 1 12 5c5.500 0 9 5.500 9.500 7a14 14 0 0 1-2.600 3.700M6.200 6.700A14 14 0 0 0 2.500 12c.5 1.500 4 7 9.500 7a9.600 9.600 0 0 0 4.700-1.300M9.900 9.900a3 3 0 0 0 4.200 4.200",
  extend: "m4 6 7 6-7 6zM13 6l7 6-7 6z",
  file: "M6 3h8l5 5v13H6zM14 3v5h5",
  image: "M4 5h16v14H4zM4 16l4.500-4.500L13 16l2.500-2.500L20 17.500M15.500 9.500v.01",
  lock: "M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 7 0v3",
  open: "M14 4h6v6M20 4l-9 9M18 13.500V20H4V6h6.500",
  repeat:
    "m17 2.500 3.500 3.500L17 9.500M3.500 11.500V9a3 3 0 0 1 3-3h14M7 21.500 3.500 18 7 14.500M20.500 12.500V15a3 3 0 0 1-3 3h-14",
  send: "M5 12h13M12 5.500 18.500 12 12 18.500",
  star: "m12 3.500 2.600 5.400 5.900.8-4.300 4.100 1.100 5.900-5.300-2.900-5.300 2.900 1.100-5.900L3.500 9.700l5.900-.8z",
  trash: "M4.500 6.500h15M9.500 6.500V4h5v2.500M6.500 6.500 7.500 20h9l1-13.500M10 10.500v6M14 10.500v6",
  up: "M12 20V5M5.500 11.500 12 5l6.500 6.500",
};

/** Drawn here rather than left to a font: many systems have no colour emoji, and lines suit the page. */
const EMOJI = new Map([
  ["🔁", "repeat"],
  ["🔄", "repeat"],
  ["⬆️", "up"],
  ["⬆", "up"],
  ["🎬", "animate"],
  ["🎞️", "animate"],
  ["⏩", "extend"],
  ["❌", "close"],
  ["✖️", "close"],
  ["✏️", "edit"],
  ["✅", "check"],
  ["⚠️", "alert"],
  ["⏳", "clock"],
  ["🔒", "lock"],
  ["⭐", "star"],
  ["🗑️", "trash"],
  ["🖼️", "image"],
]);

const EMOJI_PATTERN = new RegExp([...EMOJI.keys()].sort((a, b) => b.length - a.length).join("|"), "u");

export function icon(name) {
  const svg = document.createElementNS(NAMESPACE, "svg");
  for (const [key, value] of [
    ["viewBox", "0 0 24 24"],
    ["class", "icon"],
    ["aria-hidden", "true"],
    ["focusable", "false"],
  ]) {
    svg.setAttribute(key, value);
  }
  const path = document.createElementNS(NAMESPACE, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** Text as nodes, with the emoji that we can draw as drawings; the character itself stays for copying. */
export function withDrawnEmoji(text) {
  const nodes = [];
  for (let rest = text; rest;) {
    const found = EMOJI_PATTERN.exec(rest);
    if (!found) return [...nodes, rest];
    if (found.index) nodes.push(rest.slice(0, found.index));
    nodes.push(drawnEmoji(found[0]));
    rest = rest.slice(found.index + found[0].length);
  }
  return nodes;
}

function drawnEmoji(character) {
  const span = document.createElement("span");
  span.className = "emoji";
  const words = document.createElement("span");
  words.className = "sr-only";
  words.textContent = character;
  span.append(icon(EMOJI.get(character)), words);
  return span;
}

/** Puts the icons into the elements of the page that name one in `data-icon`. */
export function drawIcons(root) {
  for (const host of root.querySelectorAll("[data-icon]")) host.prepend(icon(host.dataset.icon));
}

import { byId, el } from "./dom.js";
import { icon } from "./icons.js";

const UNITS = ["B", "KB", "MB", "GB"];

/** 1234567 → "1.2 MB". */
export function sizeText(bytes) {
  if (!Number.isFinite(bytes)) return "";
  const step = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), UNITS.length - 1);
  const number = bytes / 1000 ** step;
  return `${step && number < 10 ? number.toFixed(1) : Math.round(number)} ${UNITS[step]}`;
}

/** An attachment of a message: a picture, a playing video, or a file to download. */
export function attachmentView(attachment) {
  const url = safeUrl(attachment.url);
  const kind = url ? String(attachment.content_type ?? "").split("/")[0] : "file";
  const view = { image: imageView, video: videoView }[kind] ?? fileView;
  const node = view({ ...attachment, name: attachment.name || "file" }, url);
  node.dataset.testid = "attachment";
  node.dataset.contentType = attachment.content_type ?? "";
  return node;
}

/** Only what this page may load: our own server's files and the page's own blobs. */
function safeUrl(address) {
  try {
    const url = new URL(address, location.href);
    return url.origin === location.origin && /^(https?|blob):$/.test(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** Width and height keep the place of a picture before it has loaded, so that nothing jumps. */
function shape(node, { width, height }) {
  if (!(width > 0 && height > 0)) return node;
  node.setAttribute("width", width);
  node.setAttribute("height", height);
  node.style.setProperty("--ratio", String(width / height));
  return node;
}

function imageView(attachment, url) {
  const image = shape(
    el("img", { src: url, alt: attachment.alt ?? attachment.name, decoding: "async", loading: "lazy" }),
    attachment,
  );
  const open = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    openLightbox(attachment, url);
  };
  const label = `Open ${attachment.name} larger`;
  return el(
    "a",
    {
      class: "frame",
      href: url,
      target: "_blank",
      rel: "noopener",
      "aria-label": label,
      on: { click: open },
    },
    image,
  );
}

function videoView(attachment, url) {
  const attributes = {
    src: url,
    controls: true,
    playsinline: true,
    preload: "metadata",
    loop: true,
    muted: true,
  };
  const poster = attachment.poster ? safeUrl(attachment.poster) : null;
  const video = shape(el("video", { ...attributes, poster, "aria-label": attachment.alt ?? attachment.name }), attachment);
  video.muted = true; // the attribute alone is only a default, which a script-made element has missed
  return el("div", { class: "frame film" }, video);
}

function fileView(attachment, url) {
  const words = [
    el("span", { class: "file-name" }, attachment.name),
    el("span", { class: "file-size" }, sizeText(attachment.size)),
  ];
  if (!url) return el("span", { class: "file-card" }, icon("file"), words);
  return el("a", { class: "file-card", href: url, download: attachment.name }, icon("file"), words);
}

function openLightbox(attachment, url) {
  const dialog = byId("lightbox");
  const close = el(
    "button",
    {
      class: "icon-button",
      type: "button",
      "aria-label": "Close",
      "data-testid": "lightbox-close",
      on: { click: () => dialog.close() },
    },
    icon("close"),
  );
  const original = el(
    "a",
    { class: "lightbox-open", href: url, target: "_blank", rel: "noopener" },
    icon("open"),
    "Open the file",
  );
  const image = shape(el("img", { src: url, alt: attachment.alt ?? attachment.name }), attachment);
  dialog.replaceChildren(
    el(
      "div",
      { class: "lightbox-bar" },
      el("span", { class: "lightbox-name" }, attachment.name),
      original,
      close,
    ),
    image,
  );
  dialog.onclick = (event) => event.target === dialog && dialog.close();
  dialog.showModal();
}

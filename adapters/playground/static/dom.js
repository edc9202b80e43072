/** Builds an element. Text enters as text nodes only, so nothing a person sends is ever markup. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) assign(node, name, value);
  node.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return node;
}

function assign(node, name, value) {
  if (value == null || value === false) return;
  if (name === "on") {
    for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
  } else {
    node.setAttribute(name, value === true ? "" : String(value));
  }
}

export const byId = (id) => document.getElementById(id);

/** Writes an attribute only when it changes, and removes it for null. */
export function setAttribute(node, name, value) {
  if (value == null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, String(value));
}

export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * A part of a view that is rebuilt only when its data changes, so that a video keeps playing while
 * a reaction beside it counts up. Focus inside it survives, found again by `data-focus`.
 */
export function section(host, build) {
  let seen;
  return (data) => {
    const key = JSON.stringify(data ?? null);
    if (key === seen) return;
    seen = key;
    const focused = host.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
    const children = build(data);
    host.replaceChildren(...children);
    host.hidden = children.length === 0;
    if (focused) host.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
  };
}

const KEPT = 300;
const STORED_AS = "dailies.dismissed";

/**
 * The private messages that were dismissed in this browser, by number and time of creation: the numbers
 * begin anew with each database. Other tabs write to the same store, so it is read before it is written.
 */
export class Dismissed {
  #names = new Set(stored());

  has(message) {
    return Boolean(message.private) && this.#names.has(nameOf(message));
  }

  add(message) {
    const names = new Set([...this.#names, ...stored(), nameOf(message)]);
    this.#names = new Set([...names].slice(-KEPT));
    try {
      localStorage.setItem(STORED_AS, JSON.stringify([...this.#names]));
    } catch {
      // Where a browser keeps nothing for us, it stays away until the page is loaded anew.
    }
  }
}

const nameOf = ({ id, created_at: created }) => `${id} ${created}`;

function stored() {
  try {
    const names = JSON.parse(localStorage.getItem(STORED_AS) ?? "[]");
    return Array.isArray(names) ? names : [];
  } catch {
    return [];
  }
}

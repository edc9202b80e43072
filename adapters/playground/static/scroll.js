import { el, setText } from "./dom.js";
import { icon } from "./icons.js";

const NEAR_PX = 64;

/** Keeps the newest message in sight for who is at the bottom, and counts what is new for who is not. */
export class Scroll {
  #scroller;
  #pill;
  #label;
  #unseen = 0;
  #stuck = true;
  #height = 0;
  #length = 0;
  #top = 0;

  constructor(scroller, content, pill) {
    this.#scroller = scroller;
    this.#pill = pill;
    this.#label = el("span", {});
    pill.replaceChildren(icon("down"), this.#label);
    pill.addEventListener("click", () => this.toEnd());
    scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    const observer = new ResizeObserver(() => this.#stuck && this.toEnd());
    observer.observe(scroller);
    observer.observe(content);
  }

  get stuck() {
    return this.#stuck;
  }

  toEnd() {
    this.#stuck = true;
    this.#length = this.#scroller.scrollHeight;
    this.#scroller.scrollTop = this.#length;
    this.#top = this.#scroller.scrollTop;
    this.#count(0);
  }

  arrived() {
    if (this.#stuck) this.toEnd();
    else this.#count(this.#unseen + 1);
  }

  /**
   * Only the reader's own scrolling decides. Our own comes to be known late, when more may have been
   * added below already, but it never goes up; a window or a message that changes its height scrolls too.
   */
  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    const resized = clientHeight !== this.#height || scrollHeight !== this.#length;
    const up = scrollTop < this.#top;
    this.#height = clientHeight;
    this.#length = scrollHeight;
    this.#top = scrollTop;
    if (this.#stuck && (resized || !up)) return;
    this.#stuck = scrollHeight - scrollTop - clientHeight < NEAR_PX;
    if (this.#stuck) this.#count(0);
  }

  #count(unseen) {
    this.#unseen = unseen;
    this.#pill.hidden = unseen === 0;
    setText(this.#label, unseen === 1 ? "1 new message" : `${unseen} new messages`);
  }
}

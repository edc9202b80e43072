import { CardView } from "./card.js";
import { fullTime, hourTime, parseTime } from "./clock.js";
import { buttonViews, dismissView, reactionViews, referenceView } from "./controls.js";
import { el, section, setAttribute } from "./dom.js";
import { attachmentView } from "./media.js";
import { plainText, richText } from "./richtext.js";

/** Who wrote a message, whatever form the server gave: an object, a member's id, or a name. */
function authorOf({ author }, members) {
  const given = typeof author === "object" && author ? author : { id: author, name: author };
  const member = members.find(({ id }) => id === given.id);
  return {
    id: given.id ?? given.name ?? "",
    name: member?.name ?? given.name ?? "Dailies",
    bot: given.bot ?? !member,
  };
}

/**
 * One message on the page. `context`: members(), member(), find(id), show(id), press(id, action),
 * react(id, emoji, mine), dismiss(id).
 */
export class MessageView {
  constructor(message, context) {
    this.id = String(message.id);
    this.context = context;
    this.#build();
    this.update(message);
  }

  #build() {
    const { context, id } = this;
    this.avatar = el("div", { class: "avatar", "aria-hidden": "true" });
    this.head = el("div", { class: "message-head" });
    this.note = el("div", { hidden: true });
    this.quote = el("div", { hidden: true });
    this.text = el("p", { class: "message-text", "data-testid": "message-text" });
    this.cardHost = el("div", { hidden: true });
    this.media = el("div", { class: "media" });
    this.buttons = el("div", { class: "buttons" });
    this.reactions = el("div", { class: "reactions", role: "group", "aria-label": "Reactions" });
    this.body = el(
      "div",
      { class: "message-body" },
      this.head,
      this.quote,
      this.text,
      this.cardHost,
      this.media,
      el("div", { class: "actions" }, this.buttons, this.reactions),
      this.note,
    );
    this.element = el(
      "li",
      { class: "message", "data-testid": "message", "data-message-id": id },
      this.avatar,
      this.body,
    );
    this.show = {
      head: section(this.head, (data) => this.#headViews(data)),
      avatar: section(this.avatar, avatarViews),
      note: section(this.note, (isPrivate) => (isPrivate ? [dismissView(() => context.dismiss(id))] : [])),
      quote: section(this.quote, (quoted) => (quoted ? [this.#quoteView(quoted)] : [])),
      text: section(this.text, (text) => richText(text)),
      media: section(this.media, (attachments) => attachments.map(attachmentView)),
      buttons: section(this.buttons, ({ buttons, reference }) => [
        ...buttonViews(buttons, (action) => context.press(id, action)),
        ...(reference ? [referenceView(() => context.reference(reference))] : []),
      ]),
      reactions: section(this.reactions, (data) => reactionViews(data, (emoji, mine) => context.react(id, emoji, mine))),
    };
  }

  update(message) {
    const { show, context } = this;
    const attachments = message.attachments ?? [];
    const author = authorOf(message, context.members());
    this.message = message;
    this.author = author;
    this.time = parseTime(message.created_at) ?? this.time ?? Date.now();
    this.#mark(message, author);
    show.avatar(author);
    const named = (message.spans ?? []).some(({ kind }) => kind === "who");
    show.head({
      author,
      mention: named ? null : message.mention,
      edited: message.card ? null : message.edited_at,
    });
    show.note(Boolean(message.private));
    show.quote(this.#quoted(message.reply_to));
    show.text(message.card ? "" : (message.spans ?? message.text ?? ""));
    show.media(attachments);
    show.buttons({ buttons: message.buttons ?? [], reference: referenceOf(message, author) });
    show.reactions({
      reactions: message.reactions ?? [],
      quick: author.bot && Boolean(message.job_id) && attachments.length > 0 && !message.private,
    });
    this.#updateCard(message.card);
  }

  #mark(message, author) {
    const { element, context } = this;
    setAttribute(element, "data-private", String(Boolean(message.private)));
    setAttribute(element, "data-job-id", message.job_id);
    setAttribute(element, "data-state", message.card?.state);
    setAttribute(element, "data-author", author.id);
    element.classList.toggle("is-private", Boolean(message.private));
    element.classList.toggle("is-bot", author.bot);
    element.classList.toggle("is-mention", message.mention != null && message.mention === context.member());
  }

  /** The card takes the message's buttons into its foot. */
  #updateCard(card) {
    this.cardHost.hidden = !card;
    if (!card) return;
    if (!this.card) {
      this.card = new CardView(this.buttons);
      this.cardHost.replaceChildren(this.card.element);
    }
    this.card.update(card);
  }

  #headViews({ author, mention, edited }) {
    const named = this.context.members().find(({ id }) => id === mention);
    const editedAt = parseTime(edited);
    return [
      el("span", { class: "author" }, author.name),
      author.bot && el("span", { class: "tag" }, "App"),
      hourTime(this.time),
      named && el("span", { class: "mention" }, `@${named.name}`),
      editedAt !== null && el("span", { class: "edited", title: fullTime(editedAt).textContent }, "edited"),
    ].filter(Boolean);
  }

  #quoted(replyTo) {
    const original = replyTo == null ? null : this.context.find(String(replyTo));
    if (!original) return null;
    const { card, text, attachments } = original.message;
    const words = (card ? card.prompt || card.title : text) || attachments?.[0]?.name || "";
    return { id: original.id, name: card?.owner ?? original.author.name, text: plainText(words, 90) };
  }

  #quoteView({ id, name, text }) {
    return el(
      "button",
      { type: "button", class: "quote", "data-focus": "quote", on: { click: () => this.context.show(id) } },
      el("span", { class: "sr-only" }, "In reply to "),
      el("strong", {}, name),
      " ",
      text,
    );
  }

  /** Follows a message of the same author closely, so that name and picture need no repeating. */
  joins(previous) {
    this.element.classList.toggle("is-joined", Boolean(previous) && this.#continues(previous));
  }

  #continues(previous) {
    return (
      previous.author.id === this.author.id &&
      Boolean(previous.message.private) === Boolean(this.message.private) &&
      this.message.mention == null &&
      this.time - previous.time < 180_000
    );
  }

  /** What a screen reader says when the message arrives. */
  spoken() {
    const { message, author } = this;
    const files = (message.attachments ?? []).map(
      ({ content_type: type }) => String(type ?? "file").split("/")[0],
    );
    const { card } = message;
    const words = [
      card ? `${[card.owner, card.title].join(" · ")}: ${card.prompt}` : message.text,
      files.join(", "),
    ];
    return `${author.name}${message.private ? ", only to you" : ""}: ${plainText(words.filter(Boolean).join(". "))}`;
  }
}

/** What the message box needs to name a result as an input; null for anything but a result. */
function referenceOf({ job_id: job, attachments, card, private: hidden }, author) {
  if (!author.bot || !job || card || hidden || !attachments?.length) return null;
  return { job, kind: String(attachments[0].content_type ?? "").split("/")[0] };
}

function avatarViews({ id, name, bot }) {
  if (bot) return [el("img", { src: "/static/icon.svg", alt: "", width: 36, height: 36 })];
  return [initialsView(id, name)];
}

/** A person's initials on a colour of their own. */
export function initialsView(id, name) {
  const letters = String(name)
    .trim()
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => [...word][0] ?? "")
    .join("");
  const node = el("span", { class: "initials", "aria-hidden": "true" }, letters.toUpperCase());
  const hash = [...String(id)].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 360, 7);
  node.style.setProperty("--hue", String(hash));
  return node;
}

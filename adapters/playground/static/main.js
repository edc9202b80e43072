import {
  getCommands,
  getInfo,
  getMembers,
  getMessages,
  postAction,
  Refusal,
  sendReaction,
  untilAnswered,
} from "./api.js";
import { startClock } from "./clock.js";
import { Composer } from "./composer.js";
import { byId, setText } from "./dom.js";
import { drawIcons } from "./icons.js";
import { Members, showInfo } from "./members.js";
import { Scroll } from "./scroll.js";
import { Stream } from "./stream.js";
import { Timeline } from "./timeline.js";
import { buildWelcome } from "./welcome.js";

const BANNER_DELAY_MS = 300; // a stream that is back at once is not worth a word
const INFO_DELAY_MS = 400;
const KEYBOARD_PX = 100;

const members = new Members(enter);
const memberId = () => members.current?.id ?? "";
const composer = new Composer({ member: memberId, isAdmin: () => Boolean(members.current?.admin) });
const scroll = new Scroll(byId("scroller"), byId("messages"), byId("newer"));
const timeline = new Timeline({
  list: byId("messages"),
  announcer: byId("announcer"),
  scroll,
  context: {
    members: () => members.all,
    member: memberId,
    press: (id, action) => attempt(() => postAction(id, memberId(), action)),
    reference: (result) => composer.refer(result),
    react: (id, emoji, mine) => attempt(() => sendReaction(id, memberId(), emoji, mine)),
  },
  onCount: (count) => {
    byId("welcome").hidden = count > 0 || !loaded;
  },
});
const stream = new Stream({
  message: receive,
  deleted: ({ id }) => timeline.remove(String(id)),
  commands: loadCommands,
  resync: () => {
    refresh();
    loadCommands();
  },
  state: showConnection,
});

let loaded = false;
let bannerTimer = null;
let infoTimer = null;

/** A click on a message; a refusal that came with no private message is shown above the message box. */
async function attempt(request) {
  composer.showError("");
  try {
    await request();
  } catch (error) {
    if (!(error instanceof Refusal && error.shown)) composer.showError(error.message);
  }
}

function receive(message) {
  timeline.receive(message);
  clearTimeout(infoTimer);
  infoTimer = setTimeout(loadInfo, INFO_DELAY_MS);
}

function showConnection(state) {
  clearTimeout(bannerTimer);
  const banner = byId("connection");
  if (state === "open") {
    banner.hidden = true;
    return;
  }
  bannerTimer = setTimeout(() => {
    setText(byId("connection-text"), "Reconnecting…");
    banner.hidden = false;
  }, BANNER_DELAY_MS);
}

/** Becomes a member: their messages, their events, their credits. */
function enter() {
  loaded = false;
  composer.memberChanged();
  timeline.clear();
  byId("welcome").hidden = true;
  stream.connect(memberId());
  refresh();
}

/** Reads everything anew; the stream's own events go on meanwhile. */
async function refresh() {
  const member = memberId();
  loadInfo();
  try {
    await timeline.load(async () => {
      const messages = await getMessages(member);
      loaded ||= member === memberId();
      return messages;
    });
  } catch {
    // The stream drops too when the server is away, and asks for a resync once it is back.
  }
}

async function loadInfo() {
  const member = memberId();
  const info = await getInfo(member).catch(() => null);
  if (info && member === memberId()) showInfo(info);
}

async function loadCommands() {
  const commands = await getCommands().catch(() => null);
  if (Array.isArray(commands)) composer.setCommands(commands);
}

/** iOS lays the keyboard over the page instead of resizing it. */
function watchKeyboard() {
  const viewport = window.visualViewport;
  viewport?.addEventListener("resize", () => {
    const covered = viewport.scale === 1 && innerHeight - viewport.height > KEYBOARD_PX;
    document.documentElement.style.setProperty("--viewport", covered ? `${viewport.height}px` : "");
  });
}

async function start() {
  drawIcons(document);
  startClock();
  watchKeyboard();
  buildWelcome(byId("welcome"), (text, files) => composer.fill(text, files));
  const everyone = await untilAnswered(getMembers, () => showConnection("lost"));
  showConnection("open");
  members.start(everyone);
  loadCommands();
  enter();
  if (matchMedia("(pointer: fine)").matches) byId("composer-input").focus();
}

start();

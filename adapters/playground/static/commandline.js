/** What a half-typed command could become. Pure: no page, no network. */

const TOKEN = /(?:[^\s"=]*=)?"[^"]*(?:"|$)|\S+/g;
const NOTHING = { command: null, items: [], start: 0, end: 0, highlight: false, hint: "" };

/** The words of a line with their places; a quoted value with spaces is one word. */
export function tokenize(text, offset = 0) {
  return [...text.matchAll(TOKEN)].map((match) => ({
    text: match[0],
    start: offset + match.index,
    end: offset + match.index + match[0].length,
  }));
}

/** An option as it is typed: `--name` or `--name=value` (or a colon). Phones turn two hyphens into a dash. */
const OPTION = /^(?:--|[—–])([\w-]+)(?:[=:](.*))?$/s;
const isDashed = (text) => /^(--|[—–])/.test(text);
/** The name that a word gives an option, and the value when that is in the word as well. */
const optionIn = (text = "") => {
  const [, name, value] = OPTION.exec(text) ?? [];
  return { name, value };
};
const unquote = (text) => text.replace(/^"/, "").replace(/"$/, "");
export const quote = (text) => (/\s/.test(text) ? `"${text}"` : text);

/** The command that a text names, or null; of "quota" and "quota set" the longer one. */
function findCommand(text, commands) {
  const line = text.toLowerCase();
  const named = commands.filter(
    ({ name }) => line.startsWith(`/${name}`) && /^(\s|$)/.test(line.slice(name.length + 1)),
  );
  return named.sort((a, b) => b.name.length - a.name.length)[0] ?? null;
}

/** The suggestions at the caret: `items` replace `start..end`; `highlight` preselects the first one. */
export function suggest(text, caret, commands, isAdmin) {
  const head = text.slice(0, caret);
  if (!head.startsWith("/")) return NOTHING;
  const command = findCommand(head, commands);
  if (!command || head.length <= command.name.length + 1)
    return suggestCommands(text, head, commands, isAdmin);
  return suggestArguments(text, caret, command);
}

function suggestCommands(text, head, commands, isAdmin) {
  const query = head.slice(1).toLowerCase();
  const end = head.length + /^\S*/.exec(text.slice(head.length))[0].length;
  const offered = commands.filter((command) => isAdmin || !command.admin);
  const first = offered.filter(({ name }) => name.startsWith(query));
  const later = offered.filter(
    ({ name }) => !name.startsWith(query) && query.length > 1 && name.includes(query),
  );
  const items = [...first, ...later].map((command) => ({
    kind: "command",
    label: `/${command.name}`,
    detail: command.summary ?? "",
    badge: command.admin ? "admin" : "",
    insert: `/${command.name}`,
    complete: !(command.arguments ?? []).some((argument) => argument.required),
  }));
  return finish(
    { command: findCommand(text, commands), items, start: 0, end, highlight: true, hint: "" },
    head,
  );
}

function suggestArguments(text, caret, command) {
  const offset = command.name.length + 1;
  const tokens = tokenize(text.slice(offset), offset);
  const current = tokens.find((token) => token.start < caret && caret <= token.end) ?? {
    text: "",
    start: caret,
    end: caret,
  };
  const others = tokens.filter((token) => token !== current);
  const place = { command, others, current, before: others.filter((token) => token.end <= caret) };
  const result = optionValues(place) ?? optionNames(place) ?? argumentValues(place);
  return finish({ command, start: current.start, end: current.end, ...result }, current.text);
}

/** The option whose value has to be the next word. */
function awaiting(token) {
  const { name, value } = optionIn(token?.text);
  return value === undefined ? name : undefined;
}

/** Values of the option that the caret is in: after `--ratio ` or inside `--ratio=`. */
function optionValues({ command, others, current, before }) {
  const here = optionIn(current.text);
  const inline = here.value !== undefined;
  const option = optionNamed(command, inline ? here.name : awaiting(before.at(-1)));
  if (!option || (!inline && isDashed(current.text))) return null;
  const prefix = inline ? `--${option.name}=` : "";
  const typed = unquote(inline ? here.value : current.text);
  const items = choicesOf(option, chosenModel(command, others)).map((choice) => ({
    ...valueItem(choice),
    insert: prefix + quote(choice.value),
  }));
  return { items: matching(items, typed), highlight: true, hint: option.summary ?? "" };
}

function optionNames({ command, others, current }) {
  if (!isDashed(current.text) && current.text !== "-") return null;
  const used = new Set(others.map((token) => optionIn(token.text).name));
  const model = chosenModel(command, others);
  const free = (command.options ?? []).filter((option) => !used.has(option.name) && applies(option, model));
  const items = free.map((option) => ({
    kind: "option",
    label: `--${option.name}`,
    detail: option.summary ?? "",
    insert: `--${option.name}`,
    value: option.name,
  }));
  return { items: matching(items, current.text.replace(/^[-—–]+/, "")), highlight: true, hint: "" };
}

/** Values of a positional argument; an optional one preselects nothing, so that Enter still sends. */
function argumentValues({ command, before, current }) {
  const given = before.filter((token, index) => !isOptionPart(command, before, index)).length;
  const list = command.arguments ?? [];
  const argument = list[Math.min(given, list.length - 1)];
  const choices = given < list.length ? (argument?.choices ?? []) : [];
  const items = matching(
    choices.map((choice) => valueItem(normal(choice))),
    unquote(current.text),
  );
  return { items, highlight: Boolean(argument?.required || current.text), hint: argument?.summary ?? "" };
}

function isOptionPart(command, tokens, index) {
  if (isDashed(tokens[index].text)) return true;
  return Boolean(optionNamed(command, awaiting(tokens[index - 1])));
}

const optionNamed = (command, name) => (command.options ?? []).find((option) => option.name === name) ?? null;

/** The model that a line of words names, else the command's default. */
export function chosenModel(command, tokens) {
  for (const [index, token] of tokens.entries()) {
    const { name, value = tokens[index + 1]?.text } = optionIn(token.text);
    if (name === "model" && value) return unquote(value);
  }
  return command.default_model ?? null;
}

const choicesOf = (option, model) => (option.by_model?.[model] ?? option.choices ?? []).map(normal);

/** An option whose choices for the chosen model are none does not exist for it. */
const applies = (option, model) => option.by_model?.[model]?.length !== 0;

const normal = (choice) =>
  typeof choice === "object" ? { ...choice, value: String(choice.value) } : { value: String(choice) };

function valueItem({ value, label }) {
  return {
    kind: "value",
    label: value,
    detail: label && label !== value ? label : "",
    insert: quote(value),
    value,
  };
}

function matching(items, typed) {
  const query = typed.toLowerCase();
  const first = items.filter((item) => item.value.toLowerCase().startsWith(query));
  const later = items.filter(
    (item) => !first.includes(item) && `${item.label} ${item.detail}`.toLowerCase().includes(query),
  );
  return [...first, ...later];
}

/** Marks what is typed in full already and puts it first. */
function finish(result, typed) {
  const items = result.items.map((item) => ({
    ...item,
    exact: item.insert.toLowerCase() === typed.toLowerCase(),
  }));
  return {
    ...result,
    items: [...items.filter((item) => item.exact), ...items.filter((item) => !item.exact)],
  };
}

/** The text and caret after an item was taken: a space follows, so that the next thing can be typed. */
export function accept(text, { start, end }, item) {
  const rest = text.slice(end).replace(/^\s/, "");
  const head = `${text.slice(0, start)}${item.insert} `;
  return { text: head + rest, caret: head.length };
}

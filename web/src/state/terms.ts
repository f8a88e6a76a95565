/** Terms of the search language, put into and taken out of a query's text. */

const PLAIN = /^(?!-|\/\/|(?:AND|OR|NOT|TO)$)[\w./@-]+$/;
const CONTROL = /[\u0000-\u001f\u007f]/;
const PLAIN_KEY = /^[A-Za-z_@][\w.@/-]*$/;

/** Text in quotes, as the search language has them. */
function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&")}"`;
}

/** A pattern for exactly this text: a search box is one line, so breaks can only be named. */
function exactly(text: string): string {
  const pattern = text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(new RegExp(CONTROL, "g"), (char) => `\\x{${char.charCodeAt(0).toString(16)}}`);
  return `~"^${pattern.replace(/"/g, '\\"')}$"`;
}

/** `key:value`, quoted where the value needs it. */
export function term(key: string, value: string): string {
  const name = PLAIN_KEY.test(key) ? key : quoted(key);
  if (CONTROL.test(value)) return `${name}:${exactly(value)}`;
  return `${name}:${PLAIN.test(value) ? value : quoted(value)}`;
}

/** The query's top-level words, quotes and parentheses kept together. */
export function splitTerms(query: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quoted = false;
  let part = "";
  for (let at = 0; at < query.length; at += 1) {
    const char = query[at] ?? "";
    if (quoted && char === "\\") {
      part += char + (query[at + 1] ?? "");
      at += 1;
      continue;
    }
    if (char === '"') quoted = !quoted;
    if (!quoted && char === "(") depth += 1;
    if (!quoted && char === ")") depth -= 1;
    if (char === " " && !quoted && depth <= 0) {
      if (part) parts.push(part);
      part = "";
    } else part += char;
  }
  return part ? [...parts, part] : parts;
}

/** A query of OR parts is wrapped before anything is added, so that the new term narrows all of it. */
export function addTerm(query: string, added: string): string {
  const parts = splitTerms(query);
  if (parts.includes(added)) return query;
  const base = parts.includes("OR") ? `(${query.trim()})` : parts.filter((part) => part !== `-${added}` && `-${part}` !== added).join(" ");
  return base ? `${base} ${added}` : added;
}

export function removeTerm(query: string, gone: string): string {
  return splitTerms(query)
    .filter((part) => part !== gone)
    .join(" ");
}

/** Put a term in, or take it out where it stands already. */
export function toggleTerm(query: string, toggled: string): string {
  return splitTerms(query).includes(toggled) ? removeTerm(query, toggled) : addTerm(query, toggled);
}

/** Drop every top-level term on a key, such as all `duration:` bounds. */
export function withoutKey(query: string, key: string): string {
  return splitTerms(query)
    .filter((part) => !part.startsWith(`${key}:`))
    .join(" ");
}

/** The words a result should highlight: bare words and phrases, neither negated nor on a key. */
export function highlightWords(query: string): string[] {
  return splitTerms(query.replace(/[()]/g, " "))
    .filter((part) => !part.startsWith("-") && !/^(AND|OR|NOT)$/.test(part) && !/^[\w.]+:/.test(part))
    .map((part) => part.replace(/^"|"$|\*$/g, ""))
    .filter((part) => part.length > 1);
}

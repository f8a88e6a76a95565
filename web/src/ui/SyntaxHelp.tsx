import type { SearchPageName } from "./SearchBox";

type Example = readonly [query: string, meaning: string];

const SHARED: readonly Example[] = [
  ["timeout", "the word, anywhere in the text"],
  ['"card declined"', "the exact phrase"],
  ["pay*", "words that begin so"],
  ['~"tim(ed|e) ?out"', "a regular expression"],
  ["service:(shop OR pay)", "one of several values"],
  ["user_id:42", "any attribute, by its name"],
  ["user_id:*", "the attribute is there"],
  ["status_code:[500 TO 599]", "a range of numbers"],
  ["-user_id:42", "not this"],
  ["(a OR b) c", "combine; a space means AND"],
];

const LOGS: readonly Example[] = [
  ["level:error", "one level"],
  ["level:>=warning", "that level and above"],
  ["logger:shop.orders", "from one logger"],
];

const OWN: Record<SearchPageName, readonly Example[]> = {
  logs: LOGS,
  errors: [["exception.type:ValueError", "errors of one type"], ["exception.message:*timeout*", "by a part of the message"]],
  traces: [
    ["status:error", "with a failed span"],
    ["duration:>500ms", "slower than half a second"],
    ["kind:server", "by the kind of span"],
    ['name:"GET /products"', "by the span's name"],
  ],
  events: [
    ["name:order_*", "events by their name"],
    ["amount:>10", "by what they are about"],
  ],
};

/** The search language on one small sheet; a press tries an example. */
export function SyntaxHelp({ page, onPick }: { page: SearchPageName; onPick: (query: string) => void }) {
  return (
    <div className="syntax">
      <div className="menu-title">How to search</div>
      {[...OWN[page], ...SHARED].map(([query, meaning]) => (
        <button key={query} type="button" className="menu-item" onClick={() => onPick(query)}>
          <code>{query}</code>
          <span className="muted">{meaning}</span>
        </button>
      ))}
    </div>
  );
}

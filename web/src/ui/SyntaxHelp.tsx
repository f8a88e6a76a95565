type Example = readonly [query: string, meaning: string];

const SHARED: readonly Example[] = [
  ["timeout", "the word, anywhere in the text"],
  ['"card declined"', "the exact phrase"],
  ["pay*", "words that begin so"],
  ["service:shop", "from one service"],
  ["user_id:42", "any attribute, by its name"],
  ["user_id:*", "the attribute is there"],
  ["-user_id:42", "not this"],
  ["(a OR b) c", "combine; a space means AND"],
];

const OWN: Record<"logs" | "traces", readonly Example[]> = {
  logs: [
    ["level:error", "one level"],
    ["level:>=warning", "that level and above"],
    ["logger:shop.orders", "from one logger"],
  ],
  traces: [
    ["status:error", "with a failed span"],
    ["duration:>500ms", "slower than half a second"],
    ["kind:server", "by the kind of span"],
    ['name:"GET /products"', "by the span's name"],
  ],
};

/** The search language on one small sheet; a press tries an example. */
export function SyntaxHelp({ page, onPick }: { page: "logs" | "traces"; onPick: (query: string) => void }) {
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

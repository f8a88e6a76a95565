import { useState } from "react";
import type { ApiError } from "../api/client";
import { recentSearches, rememberSearch } from "../state/recent";
import { setParams } from "../state/url";
import { Icon } from "./Icon";
import { Popover } from "./Popover";
import { SyntaxHelp } from "./SyntaxHelp";

interface Props {
  page: "logs" | "traces";
  query: string;
  error: ApiError | null;
  placeholder: string;
}

/** The query, the fault in it, what was asked before, and how to ask. */
export function SearchBox({ page, query, error, placeholder }: Props) {
  const [draft, setDraft] = useState(query);
  const [applied, setApplied] = useState(query);
  if (applied !== query) {
    setApplied(query);
    setDraft(query);
  }
  const submit = (text: string) => {
    setDraft(text);
    rememberSearch(page, text);
    setParams({ q: text.trim(), record: null });
  };
  return (
    <div className="search">
      <form
        role="search"
        className={error ? "search-box bad" : "search-box"}
        onSubmit={(event) => {
          event.preventDefault();
          submit(draft);
        }}
      >
        <Icon name="search" />
        <input
          data-search
          type="text"
          aria-label={`Search ${page}`}
          aria-invalid={error !== null}
          aria-describedby={error ? "search-fault" : undefined}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          placeholder={placeholder}
          value={draft}
          onChange={(event) => setDraft(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== "Escape") return;
            event.preventDefault();
            event.currentTarget.blur();
          }}
        />
        {draft && (
          <button type="button" className="button small quiet square" aria-label="Clear the search" onClick={() => submit("")}>
            <Icon name="close" small />
          </button>
        )}
        {!draft && <kbd className="only-wide" aria-hidden="true">/</kbd>}
        <Popover label="Recent searches" className="button small quiet square" face={<Icon name="clock" small />}>
          {(close) => <Recent page={page} onPick={(text) => (submit(text), close())} />}
        </Popover>
        <Popover label="How to search" className="button small quiet square" face={<Icon name="help" small />}>
          {(close) => <SyntaxHelp page={page} onPick={(text) => (submit(text), close())} />}
        </Popover>
      </form>
      {error && <Fault query={query} error={error} />}
    </div>
  );
}

function Recent({ page, onPick }: { page: string; onPick: (text: string) => void }) {
  const recent = recentSearches(page);
  return (
    <div className="recent">
      <div className="menu-title">Recent searches</div>
      {recent.length === 0 && <p className="menu-note">None yet.</p>}
      {recent.map((text) => (
        <button key={text} type="button" className="menu-item mono" onClick={() => onPick(text)}>
          <span className="cut">{text}</span>
        </button>
      ))}
    </div>
  );
}

/** The query again, with a mark under the character that the server could not read. */
function Fault({ query, error }: { query: string; error: ApiError }) {
  return (
    <div className="search-fault" id="search-fault" role="alert">
      {error.position !== null && (
        <pre>
          {query}
          {"\n"}
          {" ".repeat(error.position)}^
        </pre>
      )}
      <p>{error.detail || error.title}</p>
    </div>
  );
}

import { useId, useLayoutEffect, useRef, useState, type KeyboardEvent } from "react";
import type { Searched } from "../api/calls";
import type { ApiError } from "../api/client";
import { recentSearches, rememberSearch } from "../state/recent";
import { setParams } from "../state/url";
import { Completions } from "./Completions";
import { Icon } from "./Icon";
import { Popover } from "./Popover";
import { SearchFault } from "./SearchFault";
import { SyntaxHelp } from "./SyntaxHelp";
import { useCompletion } from "./useCompletion";

export type SearchPageName = "logs" | "traces" | "events" | "errors";

interface Props {
  page: SearchPageName;
  signal: Searched;
  query: string;
  error: ApiError | null;
  placeholder: string;
}

/** The query, what may be written next in it, the fault in it, what was asked before, and how to ask. */
export function SearchBox({ page, signal, query, error, placeholder }: Props) {
  const [draft, setDraft] = useState(query);
  const [applied, setApplied] = useState(query);
  const box = useRef<HTMLInputElement>(null);
  const caret = useRef<number | null>(null);
  const list = useId();
  const completion = useCompletion(signal);
  if (applied !== query) {
    setApplied(query);
    setDraft(query);
  }
  useLayoutEffect(() => {
    if (caret.current === null) return;
    box.current?.setSelectionRange(caret.current, caret.current);
    caret.current = null;
  });
  const submit = (text: string) => {
    completion.close();
    setDraft(text);
    rememberSearch(page, text);
    setParams({ q: text.trim(), record: null });
  };
  const take = (index: number) => {
    const taken = completion.take(draft, box.current?.selectionStart ?? draft.length, index);
    caret.current = taken.caret;
    setDraft(taken.text);
    if (taken.goesOn) completion.ask(taken.text, taken.caret, false);
    else completion.close();
  };
  const open = completion.suggestions.length > 0;
  const keys: Record<string, (event: KeyboardEvent<HTMLInputElement>) => boolean> = {
    ArrowDown: ({ currentTarget }) => (open ? completion.move(1) : completion.ask(draft, currentTarget.selectionStart ?? draft.length, false), true),
    ArrowUp: () => open && (completion.move(-1), true),
    Tab: ({ shiftKey }) => open && !shiftKey && (take(Math.max(0, completion.active)), true),
    Enter: () => open && completion.active >= 0 && (take(completion.active), true),
    Escape: ({ currentTarget }) => (open ? completion.close() : currentTarget.blur(), true),
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
          ref={box}
          data-search
          type="text"
          role="combobox"
          aria-label={`Search ${page}`}
          aria-autocomplete="list"
          aria-expanded={open}
          aria-controls={open ? list : undefined}
          aria-activedescendant={open && completion.active >= 0 ? `${list}-${completion.active}` : undefined}
          aria-invalid={error !== null}
          aria-describedby={error ? "search-fault" : undefined}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          placeholder={placeholder}
          value={draft}
          onChange={({ target }) => {
            setDraft(target.value);
            completion.ask(target.value, target.selectionStart ?? target.value.length, true);
          }}
          onKeyDown={(event) => {
            if (!event.nativeEvent.isComposing && keys[event.key]?.(event)) event.preventDefault();
          }}
          onBlur={completion.close}
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
        {open && <Completions id={list} suggestions={completion.suggestions} active={completion.active} onTake={take} />}
      </form>
      <span className="hidden" role="status">
        {open ? `${completion.suggestions.length} suggestions, arrow keys choose` : ""}
      </span>
      {error && <SearchFault query={query} error={error} />}
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

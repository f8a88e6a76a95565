import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { fetchCompletion, type Searched } from "../api/calls";
import type { Suggestion } from "../api/schema";
import { toPoints, toUnits } from "../state/points";
import { rangeQuery, useRange } from "../state/time";

interface Offer {
  /** The part of the text that a suggestion takes the place of. */
  from: number;
  to: number;
  suggestions: Suggestion[];
}

export interface Completer {
  suggestions: Suggestion[];
  /** The one that Enter takes; -1 before an arrow chose one. */
  active: number;
  move: (by: number) => void;
  /** Ask what may stand at the cursor; `soon` waits for the next key first. */
  ask: (text: string, caret: number, soon: boolean) => void;
  close: () => void;
  /** The text and cursor with a suggestion taken at the cursor, and whether values may follow. */
  take: (text: string, caret: number, index: number) => { text: string; caret: number; goesOn: boolean };
}

const PAUSE_MS = 120;
const NOTHING: Offer = { from: 0, to: 0, suggestions: [] };

/** Names and values from the data for a search box, as it is being written. */
export function useCompletion(signal: Searched): Completer {
  const range = useRange();
  const [offer, setOffer] = useState(NOTHING);
  const [active, setActive] = useState(-1);
  const pending = useRef<{ abort: AbortController; timer: number } | null>(null);

  const cancel = useCallback(() => {
    window.clearTimeout(pending.current?.timer);
    pending.current?.abort.abort();
    pending.current = null;
  }, []);
  useEffect(() => cancel, [cancel]);

  const close = useCallback(() => {
    cancel();
    setOffer(NOTHING);
    setActive(-1);
  }, [cancel]);

  const ask = useCallback(
    (text: string, caret: number, soon: boolean) => {
      cancel();
      const abort = new AbortController();
      const show = async () => {
        const found = await fetchCompletion(signal, text, toPoints(text, caret), rangeQuery(range), abort.signal);
        if (abort.signal.aborted) return;
        const [from, to] = [toUnits(text, found.start), toUnits(text, found.end)];
        const written = text.slice(from, to);
        setActive(-1);
        setOffer({ from, to, suggestions: found.suggestions.filter((each) => each.text !== written) });
      };
      // A search that cannot be completed can still be asked: its answer says what is wrong.
      const timer = window.setTimeout(() => void show().catch(() => !abort.signal.aborted && close()), soon ? PAUSE_MS : 0);
      pending.current = { abort, timer };
    },
    [signal, range, cancel, close],
  );

  return useMemo(() => {
    const { suggestions, from, to } = offer;
    return {
      suggestions,
      active,
      move: (by: number) => setActive((before) => (before < 0 && by < 0 ? suggestions.length - 1 : (before + by + suggestions.length) % suggestions.length)),
      ask,
      close,
      take: (text: string, caret: number, index: number) => {
        const taken = suggestions[index] ?? { text: "", kind: "" };
        // Somebody may have written on since the offer was asked for.
        const rest = text.slice(Math.max(to, caret));
        const goesOn = taken.kind === "field";
        const written = text.slice(0, from) + taken.text + (goesOn || rest.startsWith(" ") ? "" : " ");
        return { text: written + rest, caret: written.length, goesOn };
      },
    };
  }, [offer, active, ask, close]);
}

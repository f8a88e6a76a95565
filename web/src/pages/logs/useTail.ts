import { useCallback, useEffect, useRef, useState } from "react";
import { followLogs } from "../../api/tail";
import type { Line } from "../../api/lines";
import { useVisible } from "../../state/visible";

export interface Tail {
  state: "off" | "connecting" | "live" | "lost";
  /** Records that arrived while the reader was scrolled away from the newest. */
  waiting: number;
  /** Records that the server left out because this page was too slow. */
  dropped: number;
  show: () => void;
}

/** How many arrivals are held back while the reader looks at older lines. */
const HELD = 5000;

/** Follow the search while `on` and the page is looked at: records go to `onRecords`, or wait while `held`. */
export function useTail(on: boolean, query: string, held: boolean, onRecords: (records: Line[]) => void, onReturn: () => void): Tail {
  const [state, setState] = useState<"connecting" | "live" | "lost">("connecting");
  const [waiting, setWaiting] = useState<Line[]>([]);
  const [dropped, setDropped] = useState(0);
  const visible = useVisible();
  const left = useRef(false);
  const current = useRef({ held, onRecords, onReturn });
  useEffect(() => {
    current.current = { held, onRecords, onReturn };
  });

  useEffect(() => {
    if (!on) return;
    if (!visible) {
      left.current = true;
      return;
    }
    // What arrived meanwhile is found by a search.
    if (left.current) current.current.onReturn();
    left.current = false;
    setState("connecting");
    setWaiting([]);
    setDropped(0);
    return followLogs(query, {
      onOpen: () => setState("live"),
      onLost: () => setState("lost"),
      onDropped: (count) => setDropped((before) => before + count),
      onRecords: (records) => {
        if (current.current.held) setWaiting((before) => [...before, ...records].slice(-HELD));
        else current.current.onRecords(records);
      },
    });
  }, [on, query, visible]);

  const show = useCallback(() => {
    setWaiting((before) => {
      if (before.length) queueMicrotask(() => current.current.onRecords(before));
      return [];
    });
  }, []);
  useEffect(() => {
    if (!held) show();
  }, [held, show]);

  return { state: on ? state : "off", waiting: waiting.length, dropped, show };
}

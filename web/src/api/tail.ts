import { apiUrl } from "./client";
import { keyed } from "./keys";
import type { LogRecord } from "./types";

export interface TailHandlers {
  onOpen: () => void;
  onRecords: (records: LogRecord[]) => void;
  onDropped: (count: number) => void;
  onLost: () => void;
}

/** How long arrivals are gathered before they are handed on: one paint for a burst. */
const GATHER_MS = 80;

/** Follow new records by server-sent events until the returned function is called. The browser reconnects by itself. */
export function followLogs(query: string, handlers: TailHandlers): () => void {
  const source = new EventSource(apiUrl("/logs/tail", { query }));
  let gathered: LogRecord[] = [];
  let timer = 0;
  const flush = () => {
    timer = 0;
    handlers.onRecords(keyed(gathered));
    gathered = [];
  };
  source.addEventListener("open", handlers.onOpen);
  source.addEventListener("error", handlers.onLost);
  source.addEventListener("record", (event: MessageEvent<string>) => {
    gathered.push(JSON.parse(event.data) as LogRecord);
    timer ||= window.setTimeout(flush, GATHER_MS);
  });
  source.addEventListener("dropped", (event: MessageEvent<string>) => {
    handlers.onDropped((JSON.parse(event.data) as { count: number }).count);
  });
  return () => {
    window.clearTimeout(timer);
    source.close();
  };
}

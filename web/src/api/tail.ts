import { address } from "./client";
import { keyedLines, type Line } from "./lines";
import type { LogRecord } from "./schema";

export interface TailHandlers {
  onOpen: () => void;
  onRecords: (records: Line[]) => void;
  onDropped: (count: number) => void;
  onLost: () => void;
}

/** How long arrivals are gathered before they are handed on: one paint for a burst. */
const GATHER_MS = 80;

/** Follow new records by server-sent events until the returned function is called. The browser reconnects by itself. */
export function followLogs(query: string, handlers: TailHandlers): () => void {
  const source = new EventSource(address("/api/v1/logs/tail", {}, { query }));
  let gathered: LogRecord[] = [];
  let timer = 0;
  const flush = () => {
    timer = 0;
    handlers.onRecords(keyedLines(gathered));
    gathered = [];
  };
  source.addEventListener("open", handlers.onOpen);
  source.addEventListener("error", handlers.onLost);
  source.addEventListener("record", (event: MessageEvent<string>) => {
    gathered.push({ ...(JSON.parse(event.data) as LogRecord), id: "" });
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

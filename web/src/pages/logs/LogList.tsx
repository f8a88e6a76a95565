import { useEffect, useMemo, type RefObject } from "react";
import { highlightWords } from "../../state/terms";
import { rangeSeconds, useRange } from "../../state/time";
import { Empty } from "../../ui/States";
import { reveal, useWindowed } from "../../ui/useWindowed";
import { LoadingRows, Nothing } from "../search/Nothing";
import { ResultFoot } from "../search/ResultFoot";
import { LogRow } from "./LogRow";
import type { Logs } from "./useLogs";

interface Props {
  logs: Logs;
  scroller: RefObject<HTMLDivElement | null>;
  selected: string;
  query: string;
  phone: boolean;
  tailing: boolean;
  /** The query cannot be read; the search box says why. */
  faulty: boolean;
  onAway: (away: boolean) => void;
  onOpen: (id: string) => void;
}

const ROW = 28;
const ROW_PHONE = 58;

export function LogList({ logs, scroller, selected, query, phone, tailing, faulty, onAway, onOpen }: Props) {
  const height = phone ? ROW_PHONE : ROW;
  const { items: records, loadMore } = logs;
  const view = useWindowed(scroller, records.length, height);
  const words = useMemo(() => highlightWords(query), [query]);
  const range = useRange();
  const longRange = rangeSeconds(range) > 72_000;

  useEffect(() => {
    if (view.last > records.length - 40) loadMore();
  }, [view.last, records.length, loadMore]);
  useEffect(() => {
    reveal(scroller.current, records.findIndex((record) => record.key === selected), height);
    // Only a new selection scrolls: new records must not pull the list under the reader.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [selected, height]);

  const shown = records.slice(view.first, view.last);
  const current = shown.some((record) => record.key === selected) ? `log-${selected}` : undefined;
  return (
    <>
      <div className="log-head" aria-hidden="true">
        <span>Time</span>
        <span>Level</span>
        <span>Service</span>
        <span>Message</span>
      </div>
      <div
        ref={scroller}
        className={logs.stale ? "scroll log-scroll waiting" : "scroll log-scroll"}
        onScroll={(event) => onAway(event.currentTarget.scrollTop > height)}
        tabIndex={0}
        role={records.length ? "listbox" : "group"}
        aria-label="Log records, newest first"
        aria-activedescendant={current}
        aria-busy={logs.stale}
      >
        {logs.loading && <LoadingRows />}
        {faulty && records.length === 0 && <Empty icon="alert" title="This search cannot be read" />}
        {!faulty && !logs.loading && records.length === 0 && !logs.stale && <NoLines query={query} tailing={tailing} />}
        <div style={{ height: view.before }} role="presentation" />
        {shown.map((record) => (
          <LogRow key={record.key} record={record} words={words} selected={record.key === selected} day={longRange} onOpen={onOpen} />
        ))}
        <div style={{ height: view.after }} role="presentation" />
      </div>
      <ResultFoot count={records.length} more={logs.more} elapsedMs={logs.elapsedMs} />
    </>
  );
}

function NoLines({ query, tailing }: { query: string; tailing: boolean }) {
  if (tailing) {
    return (
      <Empty icon="clock" title="Waiting for the next line">
        <p>Nothing in this range matches yet; a line that does appears here at once.</p>
      </Empty>
    );
  }
  return (
    <Nothing title="No line matches" query={query}>
      Nothing was logged in this range.
    </Nothing>
  );
}

import { useCallback, useMemo, useRef, useState } from "react";
import { fetchHistogram } from "../../api/calls";
import { useQuery } from "../../api/useQuery";
import { inList, useKeys } from "../../state/keys";
import { usePhone } from "../../state/media";
import { addTerm, term } from "../../state/terms";
import { rangeKey, rangeQuery, setSpan, useRange } from "../../state/time";
import { setParams, useParams } from "../../state/url";
import { Icon } from "../../ui/Icon";
import { Failed } from "../../ui/States";
import { CompareView } from "../search/CompareView";
import { SearchLayout, type View } from "../search/SearchLayout";
import { LogHistogram } from "./LogHistogram";
import { LogList } from "./LogList";
import { LogPanel } from "./LogPanel";
import { PatternsView } from "./PatternsView";
import { TailNotice } from "./TailNotice";
import { useLogs } from "./useLogs";
import { useTail } from "./useTail";

const BUCKETS = 90;
const BUCKETS_PHONE = 40;
const HISTOGRAM_LIVE_MS = 4000;
const VIEWS: readonly View[] = [
  ["", "Lines"],
  ["patterns", "Patterns"],
  ["compare", "Compare"],
];

export function LogsPage() {
  const { q = "", service = "", live = "", record = "", view = "" } = useParams();
  const range = useRange();
  const phone = usePhone();
  const query = service ? addTerm(q, term("service", service)) : q;
  const tailing = live === "1" && range.kind === "relative" && view === "";

  const logs = useLogs(query, range);
  const buckets = phone ? BUCKETS_PHONE : BUCKETS;
  const [asked, setAsked] = useState(0);
  const histogram = useQuery(`histogram ${query}|${rangeKey(range)}|${buckets}|${asked}`, (signal) => fetchHistogram(query, rangeQuery(range), buckets, signal), tailing ? HISTOGRAM_LIVE_MS : 0);
  const scroller = useRef<HTMLDivElement>(null);
  const [away, setAway] = useState(false);
  const tail = useTail(tailing, query, away, logs.prepend, logs.reload);

  const [marked, setMarked] = useState("");
  const selected = record || marked;
  const open = useCallback((key: string) => setParams({ record: key }, record ? "replace" : "push"), [record]);
  const close = useCallback(() => {
    setMarked(record);
    setParams({ record: null, panel: null, of: null });
  }, [record]);
  const toggleLive = () => {
    if (range.kind === "absolute") setSpan("15m");
    setParams({ live: tailing ? null : "1", view: null });
  };
  const step = (by: number) => {
    const from = logs.items.findIndex((one) => one.key === selected);
    const next = logs.items[Math.max(0, Math.min(logs.items.length - 1, from + by))];
    if (!next) return;
    if (record) open(next.key);
    else setMarked(next.key);
  };
  useKeys({
    ...(view === "" && {
      j: () => step(1),
      k: () => step(-1),
      ArrowDown: (event: KeyboardEvent) => inList(event, () => step(1)),
      ArrowUp: (event: KeyboardEvent) => inList(event, () => step(-1)),
      Enter: () => {
        const one = logs.items.find((candidate) => candidate.key === marked);
        if (one) open(one.key);
      },
    }),
    l: toggleLive,
    ...(record && { Escape: close }),
  });
  const found = useMemo(() => logs.items.find((one) => one.key === record) ?? null, [logs.items, record]);
  const syntaxError = [logs.error, histogram.error].find((error) => error?.status === 400) ?? null;
  const toNewest = () => {
    tail.show();
    scroller.current?.scrollTo({ top: 0 });
  };
  const tools = (
    <>
      <button type="button" className="button live-button" aria-pressed={tailing} onClick={toggleLive} title="Live tail (l)" aria-label="Live">
        {tailing ? <i className="live-dot" /> : <Icon name="play" small />}
        <span className="only-wide">Live</span>
      </button>
      {!tailing && (
        <button type="button" className="button square" aria-label="Search again" title="Search again" onClick={() => (logs.reload(), setAsked(asked + 1))}>
          <Icon name="refresh" />
        </button>
      )}
    </>
  );

  return (
    <SearchLayout
      page="logs"
      signal="logs"
      q={q}
      query={query}
      error={syntaxError}
      placeholder="Search logs: words, level:error, user_id:42 …"
      tools={tools}
      chart={<LogHistogram histogram={histogram.data} stale={histogram.stale} query={q} phone={phone} />}
      views={VIEWS}
      panel={record && <LogPanel key={record} id={record} found={found} onClose={close} />}
    >
      {view === "patterns" && <PatternsView query={query} q={q} />}
      {view === "compare" && <CompareView signal="logs" q={q} service={service} />}
      {view !== "patterns" && view !== "compare" && (
        <>
          <TailNotice tail={tail} away={away} onNewest={toNewest} onReload={logs.reload} />
          {logs.error && !syntaxError ? (
            <Failed error={logs.error} onRetry={logs.reload} />
          ) : (
            <LogList logs={logs} scroller={scroller} selected={selected} query={q} phone={phone} tailing={tailing} faulty={syntaxError !== null} onAway={setAway} onOpen={open} />
          )}
        </>
      )}
    </SearchLayout>
  );
}

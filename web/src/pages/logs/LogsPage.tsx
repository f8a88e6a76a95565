import { useCallback, useMemo, useRef, useState } from "react";
import { fetchHistogram } from "../../api/calls";
import { useQuery } from "../../api/useQuery";
import { inList, useKeys } from "../../state/keys";
import { usePhone } from "../../state/media";
import { addTerm, term } from "../../state/terms";
import { rangeKey, rangeQuery, setSpan, useRange } from "../../state/time";
import { setParams, useParams } from "../../state/url";
import { Icon } from "../../ui/Icon";
import { SearchBox } from "../../ui/SearchBox";
import { Failed } from "../../ui/States";
import { LogHistogram } from "./LogHistogram";
import { LogList } from "./LogList";
import { LogPanel } from "./LogPanel";
import { TailNotice } from "./TailNotice";
import { useLogs } from "./useLogs";
import { useTail } from "./useTail";

const BUCKETS = 90;
const BUCKETS_PHONE = 40;
const HISTOGRAM_LIVE_MS = 4000;

export function LogsPage() {
  const { q = "", service = "", live = "", record = "" } = useParams();
  const range = useRange();
  const phone = usePhone();
  const query = service ? addTerm(q, term("service", service)) : q;
  const tailing = live === "1" && range.kind === "relative";

  const logs = useLogs(query, range);
  const buckets = phone ? BUCKETS_PHONE : BUCKETS;
  const [asked, setAsked] = useState(0);
  const histogram = useQuery(`histogram ${query}|${rangeKey(range)}|${buckets}|${asked}`, (signal) => fetchHistogram(query, rangeQuery(range), buckets, signal), tailing ? HISTOGRAM_LIVE_MS : 0);
  const scroller = useRef<HTMLDivElement>(null);
  const [away, setAway] = useState(false);
  const tail = useTail(tailing, query, away, logs.prepend);

  const [marked, setMarked] = useState("");
  const selected = record || marked;
  const open = useCallback((id: string) => setParams({ record: id }, record ? "replace" : "push"), [record]);
  const close = useCallback(() => {
    setMarked(record);
    setParams({ record: null });
  }, [record]);
  const toggleLive = () => {
    if (range.kind === "absolute") setSpan("15m");
    setParams({ live: tailing ? null : "1" });
  };
  const step = (by: number) => {
    const from = logs.records.findIndex((one) => one.id === selected);
    const next = logs.records[Math.max(0, Math.min(logs.records.length - 1, from + by))];
    if (!next) return;
    if (record) open(next.id);
    else setMarked(next.id);
  };
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    ArrowDown: (event) => inList(event, () => step(1)),
    ArrowUp: (event) => inList(event, () => step(-1)),
    Enter: () => {
      const one = logs.records.find((candidate) => candidate.id === marked);
      if (one) open(one.id);
    },
    l: toggleLive,
    ...(record && { Escape: close }),
  });
  const found = useMemo(() => logs.records.find((one) => one.id === record) ?? null, [logs.records, record]);
  const syntaxError = [logs.error, histogram.error].find((error) => error?.status === 400) ?? null;
  const toNewest = () => {
    tail.show();
    scroller.current?.scrollTo({ top: 0 });
  };

  return (
    <div className="logs">
      <div className="toolbar">
        <SearchBox page="logs" query={q} error={syntaxError} placeholder="Search logs: words, level:error, user_id:42 …" />
        <button type="button" className="button live-button" aria-pressed={tailing} onClick={toggleLive} title="Live tail (l)">
          {tailing ? <i className="live-dot" /> : <Icon name="play" small />}
          Live
        </button>
        {!tailing && (
          <button type="button" className="button square" aria-label="Search again" title="Search again" onClick={() => (logs.reload(), setAsked(asked + 1))}>
            <Icon name="refresh" />
          </button>
        )}
      </div>
      <LogHistogram histogram={histogram.data} stale={histogram.stale} query={q} phone={phone} />
      <div className={record ? "logs-body with-panel" : "logs-body"}>
        <div className="card logs-card">
          <TailNotice tail={tail} away={away} onNewest={toNewest} onReload={logs.reload} />
          {logs.error && !syntaxError ? (
            <Failed error={logs.error} onRetry={logs.reload} />
          ) : (
            <LogList logs={logs} scroller={scroller} selected={selected} query={q} phone={phone} tailing={tailing} faulty={syntaxError !== null} onAway={setAway} onOpen={open} />
          )}
        </div>
        {record && <LogPanel key={record} id={record} found={found} onClose={close} />}
      </div>
    </div>
  );
}

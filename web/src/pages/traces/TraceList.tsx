import { useEffect, useRef } from "react";
import type { TraceSummary } from "../../api/schema";
import { serviceColor } from "../../charts/palette";
import { clock, day, duration, integer, toMs } from "../../state/format";
import { usePhone } from "../../state/media";
import { rangeSeconds, useRange } from "../../state/time";
import { linkTo, setParams } from "../../state/url";
import { Icon } from "../../ui/Icon";
import { Link } from "../../ui/Link";
import { reveal, useWindowed } from "../../ui/useWindowed";

const ROW = 40;

interface Props {
  rows: TraceSummary[];
  slowest: number;
  sort: string;
  marked: string;
  loading: boolean;
  stale: boolean;
  onEnd: () => void;
}

const COLUMNS = [
  ["start", "Start"],
  ["", "Trace"],
  ["duration", "Duration"],
  ["spans", "Spans"],
  ["errors", "Errors"],
] as const;

function Row({ trace, slowest, marked, withDay }: { trace: TraceSummary; slowest: number; marked: boolean; withDay: boolean }) {
  const ms = toMs(trace.start);
  return (
    <li className={marked ? "trace-row marked" : "trace-row"}>
      <time className="mono muted" dateTime={trace.start}>
        {withDay && `${day(ms)} `}
        {clock(ms)}
      </time>
      <span className="trace-name">
        <Link className="cut" href={linkTo(`/traces/${trace.trace_id}`)}>
          {trace.root_name || "(root not seen yet)"}
        </Link>
        <span className="trace-services">
          {trace.services.slice(0, 4).map((service) => (
            <span key={service} className="service-name">
              <i className="dot" style={{ color: serviceColor(service) }} />
              {service}
            </span>
          ))}
          {trace.services.length > 4 && <span className="muted">+{trace.services.length - 4}</span>}
        </span>
      </span>
      <span className="trace-duration">
        <b>{duration(trace.duration_ms)}</b>
        <i className="trace-track">
          <i className={trace.error_count ? "trace-bar bad" : "trace-bar"} style={{ inlineSize: `${slowest ? Math.max(1, (trace.duration_ms / slowest) * 100) : 0}%` }} />
        </i>
      </span>
      <span className="trace-spans muted">
        {integer(trace.span_count)}
        <span className="only-phone"> spans</span>
      </span>
      <span className="trace-errors">{trace.error_count > 0 && <span className="badge bad">{integer(trace.error_count)} failed</span>}</span>
    </li>
  );
}

export function TraceList({ rows, slowest, sort, marked, loading, stale, onEnd }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const range = useRange();
  const phone = usePhone();
  const height = phone ? 64 : ROW;
  const view = useWindowed(scroller, rows.length, height);
  useEffect(() => {
    if (view.last > rows.length - 30) onEnd();
  }, [view.last, rows.length, onEnd]);
  useEffect(() => {
    reveal(scroller.current, rows.findIndex((trace) => trace.trace_id === marked), height);
  }, [marked, rows, height]);
  const key = sort.replace("-", "");
  return (
    <>
      <div className="trace-head" role="group" aria-label="Sort the traces that are loaded">
        {COLUMNS.map(([name, label]) =>
          name ? (
            <button key={label} type="button" aria-pressed={key === name} onClick={() => setParams({ sort: sort === `-${name}` ? name : name === "start" ? null : `-${name}` }, "replace")}>
              {label}
              {key === name && <Icon name={sort.startsWith("-") ? "chevron" : "up"} small />}
            </button>
          ) : (
            <span key={label}>{label}</span>
          ),
        )}
      </div>
      <div ref={scroller} className={stale && !loading ? "scroll log-scroll waiting" : "scroll log-scroll"} tabIndex={0} role="group" aria-label="Traces" aria-busy={stale}>
        {loading && (
          <div role="status" aria-label="Loading">
            {Array.from({ length: 10 }, (_, index) => (
              <div key={index} className="skeleton-row">
                <span className="skeleton log-skeleton" />
              </div>
            ))}
          </div>
        )}
        <div style={{ height: view.before }} />
        <ul>
          {rows.slice(view.first, view.last).map((trace) => (
            <Row key={trace.trace_id} trace={trace} slowest={slowest} marked={trace.trace_id === marked} withDay={rangeSeconds(range) > 72_000} />
          ))}
        </ul>
        <div style={{ height: view.after }} />
      </div>
    </>
  );
}

import { useState } from "react";
import { dateTime } from "../state/format";
import { SPANS, rangeSeconds, setSpan, setWindow, useRange, type TimeRange } from "../state/time";
import { Icon } from "./Icon";
import { Popover } from "./Popover";

function rangeLabel(range: TimeRange): string {
  if (range.kind === "relative") return SPANS.find(([span]) => span === range.span)?.[1] ?? `Last ${range.span}`;
  return `${dateTime(range.from)} – ${dateTime(range.to)}`;
}

/** What `<input type="datetime-local">` reads: local time without a zone. */
function localText(ms: number): string {
  const at = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  return at.toISOString().slice(0, 19);
}

function Absolute({ range, close }: { range: TimeRange; close: () => void }) {
  const [now] = useState(() => Date.now());
  const [from, setFrom] = useState(() => localText(range.kind === "absolute" ? range.from : now - rangeSeconds(range) * 1000));
  const [to, setTo] = useState(() => localText(range.kind === "absolute" ? range.to : now));
  const valid = Date.parse(from) < Date.parse(to);
  return (
    <form
      className="absolute-range"
      onSubmit={(event) => {
        event.preventDefault();
        if (!valid) return;
        setWindow(Date.parse(from), Date.parse(to));
        close();
      }}
    >
      <label>
        From
        <input className="field" type="datetime-local" step="1" value={from} onChange={(event) => setFrom(event.target.value)} />
      </label>
      <label>
        To
        <input className="field" type="datetime-local" step="1" value={to} onChange={(event) => setTo(event.target.value)} />
      </label>
      {!valid && <p className="field-fault">The end has to come after the start.</p>}
      <button type="submit" className="button primary" disabled={!valid}>
        Show this range
      </button>
    </form>
  );
}

export function TimePicker() {
  const range = useRange();
  const label = rangeLabel(range);
  return (
    <div className="time-picker">
      <Popover
        label={`Time range: ${label}`}
        face={
          <>
            <Icon name="clock" />
            <span className="cut">{label}</span>
            <Icon name="chevron" small />
          </>
        }
      >
        {(close) => (
          <>
            {SPANS.map(([span, text]) => (
              <button
                key={span}
                type="button"
                className="menu-item"
                aria-pressed={range.kind === "relative" && range.span === span}
                onClick={() => {
                  setSpan(span);
                  close();
                }}
              >
                {text}
                <span className="spring" />
                {range.kind === "relative" && range.span === span && <Icon name="check" small />}
              </button>
            ))}
            <div className="menu-title">Between two moments</div>
            <Absolute range={range} close={close} />
          </>
        )}
      </Popover>
      {range.kind === "absolute" && (
        <>
          <button type="button" className="button quiet square" aria-label="Zoom out" title="Zoom out" onClick={() => setWindow(range.from - (range.to - range.from) / 2, range.to + (range.to - range.from) / 2)}>
            <Icon name="zoomOut" />
          </button>
          <button type="button" className="button quiet square" aria-label="Back to the latest" title="Back to the latest" onClick={() => setSpan("15m")}>
            <Icon name="close" />
          </button>
        </>
      )}
    </div>
  );
}

import type { Overview } from "../../api/schema";
import type { Point } from "./rates";
import { Sparkline } from "../../charts/Sparkline";
import { bytes, duration, integer, number, percent, share } from "../../state/format";
import { useRange } from "../../state/time";
import { Icon } from "../../ui/Icon";

interface TileProps {
  name: string;
  value: string;
  note: string;
  points: Point[] | undefined;
  color: string;
  /** The value at the sparkline's top; without it, the highest. */
  max?: number;
  /** What is wrong, in a word; empty when nothing is. */
  warning?: string;
  grave?: boolean;
}

function Tile({ name, value, note, points, color, max, warning = "", grave = false }: TileProps) {
  return (
    <div className="card tile">
      <div className="tile-head">
        <span>{name}</span>
        {warning && (
          <span className={grave ? "badge bad" : "badge warn"}>
            <Icon name="alert" small />
            {warning}
          </span>
        )}
      </div>
      <div className="tile-value">{value}</div>
      <div className="tile-note cut">{note}</div>
      <Sparkline values={(points ?? []).map((point) => point[1])} color={color} max={max} />
    </div>
  );
}

/** The limits of the alert rules that are on out of the box. */
function above(value: number | null, high: number, critical: number): { warning: string; grave: boolean } {
  if (value === null || value <= high) return { warning: "", grave: false };
  return value > critical ? { warning: "critical", grave: true } : { warning: "high", grave: false };
}

export function Tiles({ data }: { data: Overview }) {
  const { totals, series, current } = data;
  const moving = useRange().kind === "relative";
  const seconds = Math.max(1, (Date.parse(data.end) - Date.parse(data.start)) / 1000);
  const average = totals.requests / seconds;
  const newest = series.requests?.findLast((point) => point[1] !== null)?.[1] ?? average;
  return (
    <div className="tiles">
      <Tile name="Requests" value={`${number(moving ? newest : average)}/s`} note={`${integer(totals.requests)} in all, ${number(average)}/s mean`} points={series.requests} color="--c1" />
      <Tile name="Error rate" value={share(totals.error_rate)} note={`${integer(totals.errors)} failed, ${integer(totals.errors_logged)} errors logged`} points={series.errors} color="--bar-error" {...above(totals.error_rate * 100, 5, 10)} />
      <Tile name="Latency p95" value={duration(totals.p95_ms)} note={`p50 ${duration(totals.p50_ms)}, p99 ${duration(totals.p99_ms)}`} points={series.p95_ms} color="--c4" {...above(totals.p95_ms, 2000, 5000)} />
      <Tile name="CPU" value={percent(current.cpu_percent)} note={current.load1 === null ? "of this machine" : `load ${number(current.load1)}`} points={series.cpu_percent} color="--c2" max={100} {...above(current.cpu_percent, 80, 95)} />
      <Tile name="Memory" value={percent(current.memory_percent)} note={`${bytes(current.memory_used_bytes)} used`} points={series.memory_percent} color="--c7" max={100} {...above(current.memory_percent, 85, 90)} />
      <Tile name="Disk" value={percent(current.disk_percent)} note="of the system's disk" points={series.disk_percent} color="--c3" max={100} {...above(current.disk_percent, 85, 90)} />
    </div>
  );
}

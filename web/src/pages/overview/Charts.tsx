import { useMemo, type ReactNode } from "react";
import type { Overview } from "../../api/schema";
import type { Point } from "./rates";
import { Chart, type Series } from "../../charts/Chart";
import type { Ticks } from "../../charts/options";
import { bytes, duration, number, percent, toMs } from "../../state/format";
import { useMedia } from "../../state/media";
import { setWindow } from "../../state/time";
import { FitButton } from "./FitButton";

type Name = keyof Overview["series"];
type Line = readonly [name: Name, label: string, color: string, kind?: Series["kind"]];

const HEIGHT = 190;
const HEIGHT_WALL = 320;

/** Machines are measured every 30 s, which at short ranges is less often than there are points; longer silence is a gap. */
const BRIDGE_S = 100;

/** Series that share their times, with gaps where one has no sample. */
function align(series: Overview["series"], lines: readonly Line[]): { times: number[]; lines: Series[] } {
  const times = [...new Set(lines.flatMap(([name]) => (series[name] ?? []).map((point) => point[0])))].sort((left, right) => left - right);
  const aligned = lines.map(([name, label, color, kind]): Series => {
    const known = new Map<number, Point[1]>(series[name] ?? []);
    return {
      name: label,
      color,
      kind,
      values: times.map((time) => known.get(time) ?? null),
    };
  });
  return { times, lines: aligned };
}

interface BoxProps {
  title: string;
  data: Overview;
  lines: readonly Line[];
  format: (value: number | null) => string;
  max?: number;
  ticks?: Ticks;
  height: number;
  extra?: ReactNode;
}

function Box({ title, data, lines, format, max, ticks, height, extra }: BoxProps) {
  const aligned = useMemo(() => align(data.series, lines), [data, lines]);
  const window = [toMs(data.start) / 1000, toMs(data.end) / 1000] as const;
  return (
    <div className="card chart-box">
      <Chart title={title} times={aligned.times} series={aligned.lines} format={format} height={height} window={window} max={max} ticks={ticks} extra={extra} bridge={BRIDGE_S} sync="overview" onBrush={(from, to) => setWindow(from * 1000, to * 1000)} />
    </div>
  );
}

const REQUESTS: readonly Line[] = [
  ["requests", "requests", "--c1", "area"],
  ["errors", "errors", "--bar-error", "area"],
];
const LATENCY: readonly Line[] = [
  ["p50_ms", "p50", "--c2"],
  ["p95_ms", "p95", "--c4"],
  ["p99_ms", "p99", "--c5"],
];
const MACHINE: readonly Line[] = [
  ["cpu_percent", "CPU", "--c2"],
  ["memory_percent", "memory", "--c7"],
  ["disk_percent", "disk", "--c3"],
];
const PROCESS: readonly Line[] = [["process_memory_bytes", "resident memory", "--c9", "area"]];

const rate = (value: number | null) => (value === null ? "–" : `${number(value)}/s`);

export function Charts({ data }: { data: Overview }) {
  const height = useMedia("(min-width: 1900px)") ? HEIGHT_WALL : HEIGHT;
  return (
    <div className="charts">
      <Box title="Requests" extra={<FitButton data={data} />} height={height} data={data} lines={REQUESTS} format={rate} />
      <Box title="Latency" height={height} data={data} lines={LATENCY} format={duration} />
      <Box title="Machine" height={height} data={data} lines={MACHINE} format={percent} max={100} />
      <Box title="Process memory" height={height} data={data} lines={PROCESS} format={bytes} ticks="binary" />
    </div>
  );
}

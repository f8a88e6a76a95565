import uPlot from "uplot";
import type { Series } from "./Chart";
import { color } from "./palette";

interface Setup {
  series: Series[];
  stacked: boolean;
  sync?: string;
  max?: number;
  ticks: Ticks;
  bridge: number;
  width: number;
  height: number;
  brushable: boolean;
  format: (value: number | null) => string;
  window: () => [number, number];
  onCursor: (index: number | null) => void;
  onBrush: (from: number, to: number) => void;
}

/** Text of axes, a little smaller than the page's. */
export function axisFont(): string {
  const size = parseFloat(getComputedStyle(document.documentElement).fontSize);
  return `${Math.round(size * 0.85)}px Inter, system-ui, sans-serif`;
}

/** Where ticks may stand: at powers of two for bytes, at whole numbers for counts. */
export type Ticks = "binary" | "whole" | undefined;
const INCREMENTS = {
  binary: Array.from({ length: 46 }, (_, power) => 2 ** power),
  whole: Array.from({ length: 12 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat(),
};

const pad = (value: number) => String(value).padStart(2, "0");

/** 14:05, with seconds where ticks are that near, the day where a tick is midnight. */
export function timeTicks(_plot: uPlot, ticks: number[], _axis: number, _space: number, step: number): string[] {
  return ticks.map((tick) => {
    const at = new Date(tick * 1000);
    const text = `${pad(at.getHours())}:${pad(at.getMinutes())}`;
    if (step < 60) return `${text}:${pad(at.getSeconds())}`;
    return text === "00:00" ? at.toLocaleDateString("en-GB", { day: "numeric", month: "short" }) : text;
  });
}

function drawn(one: Series, bridge: number): uPlot.Series {
  const stroke = color(one.color);
  if (one.kind === "bars") {
    return { label: one.name, fill: stroke, width: 0, points: { show: false }, paths: uPlot.paths.bars?.({ size: [0.84, 60], align: 1, gap: 1 }) };
  }
  return {
    label: one.name,
    stroke,
    width: 1.6,
    points: { show: false },
    fill: one.kind === "area" ? color(one.color, 0.12) : undefined,
    gaps: (plot, _series, _from, _to, gaps) => gaps.filter(([left, right]) => plot.posToVal(right, "x", true) - plot.posToVal(left, "x", true) > bridge),
  };
}

/** Other charts follow the cursor, not the brush: it would zoom once for each of them. */
function followed(type: string): boolean {
  return type === "mousemove" || type === "mouseleave";
}

export function buildOptions(setup: Setup): uPlot.Options {
  const axis = { stroke: color("--faint"), font: axisFont(), grid: { stroke: color("--line"), width: 1 }, ticks: { show: false } };
  // The highest sum is drawn first, the parts it is made of in front of it.
  const order = setup.stacked ? [...setup.series].reverse() : setup.series;
  return {
    width: setup.width,
    height: setup.height,
    padding: [10, 14, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      points: setup.stacked ? { show: false } : { size: 7, width: 2, fill: color("--surface"), stroke: (_plot, index) => color(setup.series[index - 1]?.color ?? "--accent") },
      drag: { x: setup.brushable, y: false, setScale: false, dist: 4 },
      ...(setup.sync && { sync: { key: setup.sync, setSeries: false, filters: { pub: followed } } }),
    },
    scales: {
      x: { time: true, range: () => setup.window() },
      y: { range: (_plot, _low, high) => [0, setup.max ?? (high > 0 ? high * 1.12 : 1)] },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 22, space: 70, gap: 4, values: timeTicks },
      { ...axis, size: 58, space: 34, gap: 6, ...(setup.ticks && { incrs: INCREMENTS[setup.ticks] }), values: (_plot, ticks) => ticks.map((tick) => setup.format(tick)) },
    ],
    series: [{}, ...order.map((one) => drawn(one, setup.bridge))],
    hooks: {
      setCursor: [(plot) => setup.onCursor(plot.cursor.left !== undefined && plot.cursor.left >= 0 ? (plot.cursor.idx ?? null) : null)],
      setSelect: [
        (plot) => {
          if (plot.select.width < 4) return;
          const from = plot.posToVal(plot.select.left, "x");
          const to = plot.posToVal(plot.select.left + plot.select.width, "x");
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          setup.onBrush(from, to);
        },
      ],
    },
  };
}

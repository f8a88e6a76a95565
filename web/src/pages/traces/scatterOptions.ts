import uPlot from "uplot";
import { color } from "../../charts/palette";
import { axisFont, timeTicks } from "../../charts/options";
import { duration } from "../../state/format";
import type { Brush } from "./DurationScatter";

interface Setup {
  width: number;
  height: number;
  window: () => [number, number];
  onHover: (index: number | null) => void;
  onOpen: (index: number) => void;
  onBrush: (brush: Brush) => void;
}

/** How near, in pixels, the cursor must be to a dot to mean it. */
const NEAR = 14;
/** A brush lower than this means only the time. */
const FLAT = 12;

/** The dot under the cursor: its index, or null. */
function nearest(plot: uPlot): number | null {
  const { left = -1, top = -1 } = plot.cursor;
  if (left < 0 || top < 0) return null;
  let best: number | null = null;
  let distance = NEAR;
  plot.data[0].forEach((time, index) => {
    const value = plot.data[1]?.[index] ?? plot.data[2]?.[index];
    if (value === null || value === undefined) return;
    const away = Math.hypot(plot.valToPos(time, "x") - left, plot.valToPos(value, "y") - top);
    if (away < distance) [best, distance] = [index, away];
  });
  return best;
}

function dots(variable: string, size: number): uPlot.Series {
  return { paths: () => null, points: { show: true, size, width: 0, fill: color(variable, 0.7), stroke: "transparent" } };
}

function select(plot: uPlot, setup: Setup): void {
  const { left, top, width, height } = plot.select;
  if (width < 4) return;
  const flat = height < FLAT || height >= plot.over.clientHeight - 2;
  const at = (pixel: number, scale: string) => plot.posToVal(pixel, scale);
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  setup.onBrush({
    from: at(left, "x") * 1000,
    to: at(left + width, "x") * 1000,
    low: flat ? null : at(top + height, "y"),
    high: flat ? null : at(top, "y"),
  });
}

/** Logarithmic, since one slow trace would flatten all others. */
export function scatterOptions(setup: Setup): uPlot.Options {
  const axis = { stroke: color("--faint"), font: axisFont(), grid: { stroke: color("--line"), width: 1 }, ticks: { show: false } };
  const powers = (_plot: uPlot, ticks: number[]) => ticks.map((tick) => (Number.isInteger(Math.log10(tick)) ? duration(tick) : ""));
  return {
    width: setup.width,
    height: setup.height,
    padding: [8, 14, 0, 0],
    legend: { show: false },
    cursor: { points: { show: false }, drag: { x: true, y: true, uni: 24, dist: 4, setScale: false } },
    scales: {
      x: { time: true, range: () => setup.window() },
      y: { distr: 3, range: (_plot, low, high) => [10 ** Math.floor(Math.log10(low || 1)), 10 ** Math.ceil(Math.log10((high || 1000) * 1.01))] },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 22, space: 70, gap: 4, values: timeTicks },
      { ...axis, size: 60, gap: 6, values: powers, grid: { ...axis.grid, filter: (_plot: uPlot, ticks: number[]) => ticks.map((tick) => (Number.isInteger(Math.log10(tick)) ? tick : null)) } },
    ],
    series: [{}, dots("--c1", 6), dots("--bar-error", 7)],
    hooks: {
      ready: [
        (plot) => {
          plot.over.addEventListener("click", () => {
            const index = nearest(plot);
            if (index !== null) setup.onOpen(index);
          });
        },
      ],
      setCursor: [
        (plot) => {
          const index = nearest(plot);
          plot.over.style.cursor = index === null ? "crosshair" : "pointer";
          setup.onHover(index);
        },
      ],
      setSelect: [(plot) => select(plot, setup)],
    },
  };
}

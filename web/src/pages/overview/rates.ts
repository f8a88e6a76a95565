import type { Overview, OverviewSeries } from "../../api/schema";
import { toMs } from "../../state/format";

/** Unix seconds and a value; null where there is none. */
export type Point = OverviewSeries["requests"][number];

/** A step that the range covers by less than this share says too little to be drawn. */
const LEAST_COVERED = 0.3;

/** Counts a step as counts a second; the first and last step are only partly in the range. */
export function perSecond(points: Point[] | undefined, data: Overview): Point[] {
  const start = toMs(data.start) / 1000;
  const end = toMs(data.end) / 1000;
  return (points ?? []).map(([at, count]): Point => {
    const covered = Math.min(end, at + data.step_seconds) - Math.max(start, at);
    return [at, count === null || covered < data.step_seconds * LEAST_COVERED ? null : count / covered];
  });
}

/** A sum over processes is only right once all have reported in a step. */
function wholeSteps(points: Point[] | undefined, data: Overview): Point[] {
  const end = toMs(data.end) / 1000;
  return (points ?? []).filter(([at]) => at + data.step_seconds <= end);
}

/** The overview with its counts as rates. */
export function withRates(data: Overview): Overview {
  const { requests, errors, process_memory_bytes: memory } = data.series;
  return { ...data, series: { ...data.series, requests: perSecond(requests, data), errors: perSecond(errors, data), process_memory_bytes: wholeSteps(memory, data) } };
}

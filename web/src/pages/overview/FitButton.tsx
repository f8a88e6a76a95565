import type { Overview } from "../../api/schema";
import { toMs } from "../../state/format";
import { SPANS, setSpan, spanSeconds, useRange } from "../../state/time";

/** Records that begin later than this share of the range leave a page of empty charts. */
const LATE = 0.6;

/** When the first request or measurement was, in seconds. */
function beginning(data: Overview): number | null {
  const { requests, cpu_percent: cpu } = data.series;
  const first = [requests?.find((point) => point[1]), cpu?.find((point) => point[1] !== null)].flatMap((point) => (point ? [point[0]] : []));
  return first.length ? Math.min(...first) : null;
}

/** Offers the shortest range that holds everything, where records began only lately: the first minutes of a new application. */
export function FitButton({ data }: { data: Overview }) {
  const range = useRange();
  const start = toMs(data.start) / 1000;
  const end = toMs(data.end) / 1000;
  const began = beginning(data);
  if (range.kind === "absolute" || began === null || (began - start) / (end - start) < LATE) return null;
  const fit = SPANS.find(([span]) => (spanSeconds(span) ?? 0) > end - began);
  if (!fit || fit[0] === range.span) return null;
  return (
    <button type="button" className="chip" onClick={() => setSpan(fit[0])}>
      Fit to the {fit[1].toLowerCase()}
    </button>
  );
}

import { useMemo } from "react";

const HEIGHT = 20;
/** Of a step's width; the rest is the gap to the next one. */
const FILLED = 0.8;

/** Counts over time as small bars, drawn as one SVG path; they stretch to their box. */
export function Bars({ counts, label }: { counts: number[]; label: string }) {
  const path = useMemo(() => {
    const high = Math.max(1, ...counts);
    return counts.map((count, at) => (count ? `M${at} ${HEIGHT}v${-Math.max(1.5, (count / high) * HEIGHT).toFixed(1)}h${FILLED}V${HEIGHT}z` : "")).join("");
  }, [counts]);
  return (
    <svg className="bars" viewBox={`0 0 ${Math.max(1, counts.length)} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <path d={path} fill="currentColor" />
    </svg>
  );
}

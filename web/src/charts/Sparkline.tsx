import { useMemo } from "react";

const WIDTH = 120;
const HEIGHT = 32;

/** A small line without axes, drawn as SVG; it stretches to its box. */
export function Sparkline({ values, color, max }: { values: (number | null)[]; color: string; max?: number }) {
  const [line, area] = useMemo(() => {
    const known = values.filter((value): value is number => value !== null);
    if (known.length < 2) return ["", ""];
    const high = max ?? (Math.max(...known) || 1);
    const step = WIDTH / (values.length - 1);
    let path = "";
    let first = 0;
    let last = 0;
    values.forEach((value, index) => {
      if (value === null) return;
      const x = index * step;
      const y = HEIGHT - 2 - (value / high) * (HEIGHT - 5);
      if (!path) first = x;
      path += `${path ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
      last = x;
    });
    return [path, `${path}L${last.toFixed(1)} ${HEIGHT}L${first.toFixed(1)} ${HEIGHT}Z`];
  }, [values, max]);
  return (
    <svg className="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true" style={{ color: `var(${color})` }}>
      <path d={area} fill="currentColor" opacity="0.13" />
      <path d={line} fill="none" stroke="currentColor" strokeWidth="1.5" vectorEffect="non-scaling-stroke" strokeLinejoin="round" />
    </svg>
  );
}

import { useRange } from "./time";
import { useParams } from "./url";

export const REFRESH: readonly (readonly [string, string, number])[] = [
  ["off", "Off", 0],
  ["2s", "2 s", 2000],
  ["5s", "5 s", 5000],
  ["15s", "15 s", 15000],
  ["60s", "1 min", 60000],
];
export const DEFAULT_REFRESH = "5s";

/** Milliseconds between reloads; 0 when off, or when an absolute range is on show, which does not move. */
export function useRefresh(): number {
  const { refresh = DEFAULT_REFRESH } = useParams();
  const range = useRange();
  if (range.kind === "absolute") return 0;
  return REFRESH.find(([name]) => name === refresh)?.[2] ?? 5000;
}

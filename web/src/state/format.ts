/** Numbers, sizes, durations and times as people read them. */

const UNITS = ["", "k", "M", "G", "T"];

function trim(value: number, digits: number): string {
  return value.toFixed(digits).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
}

function precise(value: number): string {
  const size = Math.abs(value);
  return trim(value, size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

export function number(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  let scaled = value;
  let unit = 0;
  while (Math.abs(scaled) >= 1000 && unit < UNITS.length - 1) {
    scaled /= 1000;
    unit += 1;
  }
  return precise(scaled) + (UNITS[unit] ?? "");
}

export function integer(value: number | null | undefined): string {
  return value === null || value === undefined ? "–" : Math.round(value).toLocaleString("en-US");
}

/** A share of 1 as a percentage. */
export function share(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const percent = value * 100;
  return `${percent > 0 && percent < 0.01 ? "<0.01" : precise(percent)} %`;
}

export function percent(value: number | null | undefined): string {
  return value === null || value === undefined || !Number.isFinite(value) ? "–" : `${precise(value)} %`;
}

export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let scaled = value;
  let unit = 0;
  while (Math.abs(scaled) >= 1024 && unit < units.length - 1) {
    scaled /= 1024;
    unit += 1;
  }
  return `${precise(scaled)} ${units[unit] ?? ""}`;
}

/** Milliseconds in the unit that fits. */
export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return "–";
  const size = Math.abs(ms);
  if (size === 0) return "0 ms";
  if (size < 0.001) return `${precise(ms * 1e6)} ns`;
  if (size < 1) return `${precise(ms * 1000)} µs`;
  if (size < 1000) return `${precise(ms)} ms`;
  if (size < 60_000) return `${precise(ms / 1000)} s`;
  if (size < 3_600_000) return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
  return `${Math.floor(ms / 3_600_000)} h ${Math.round((ms % 3_600_000) / 60_000)} min`;
}

const two = (value: number) => String(value).padStart(2, "0");

/** Milliseconds since the epoch of an API time (RFC 3339 with nanoseconds, or seconds). */
export function toMs(time: string | number): number {
  return typeof time === "number" ? time * 1000 : Date.parse(time.replace(/(\.\d{3})\d+/, "$1"));
}

/** 14:03:07.123 */
export function clock(ms: number, millis = true): string {
  const at = new Date(ms);
  const base = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return millis ? `${base}.${String(at.getMilliseconds()).padStart(3, "0")}` : base;
}

/** Nov 20 */
export function day(ms: number): string {
  return new Date(ms).toLocaleDateString("en-GB", { day: "numeric", month: "short" });
}

export function dateTime(ms: number, millis = false): string {
  return `${day(ms)}, ${clock(ms, millis)}`;
}

/** "12 s ago", counted from `now`. */
export function ago(ms: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - ms) / 1000));
  if (seconds < 2) return "now";
  if (seconds < 90) return `${seconds} s ago`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 129_600) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86_400)} d ago`;
}

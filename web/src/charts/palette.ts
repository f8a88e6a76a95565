/** Colours for canvases, which cannot read CSS variables themselves. */

const probe = document.createElement("i");
probe.hidden = true;
document.documentElement.append(probe);

/** The colour a variable has in the theme on show. */
export function color(variable: string, alpha = 1): string {
  probe.style.color = `var(${variable})`;
  const resolved = getComputedStyle(probe).color;
  const parts = resolved.match(/[\d.]+/g);
  return alpha < 1 && parts ? `rgb(${parts[0]} ${parts[1]} ${parts[2]} / ${alpha})` : resolved;
}

const SERVICE_COLORS = 10;
/** Chosen so that names which are often seen together differ. */
const SEED = 1533;

/** A service's colour, the same on every page and in every session. */
export function serviceColor(service: string): string {
  let hash = SEED;
  for (const char of service) hash = Math.imul(hash ^ char.charCodeAt(0), 16777619) >>> 0;
  hash ^= hash >>> 15;
  return `var(--c${((hash >>> 0) % SERVICE_COLORS) + 1})`;
}

export const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"] as const;
export type Level = (typeof LEVELS)[number];

/** One of six names for whatever a library calls its level. */
export function levelOf(name: string, severity = 0): Level {
  const upper = name.toUpperCase();
  if (upper.startsWith("WARN")) return "WARN";
  if (upper === "CRITICAL" || upper.startsWith("FATAL") || upper === "EMERGENCY" || upper === "ALERT") return "FATAL";
  if (upper.startsWith("ERR")) return "ERROR";
  if (upper.startsWith("INFO") || upper === "NOTICE") return "INFO";
  if (upper.startsWith("DEBUG")) return "DEBUG";
  if (upper.startsWith("TRACE")) return "TRACE";
  return LEVELS[Math.min(5, Math.max(0, Math.floor((severity - 1) / 4)))] ?? "INFO";
}

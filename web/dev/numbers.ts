/** DEVELOPMENT ONLY, never shipped. Figures of the overview. */
import type { Overview, Point, Status } from "../src/api/types";
import { randomFrom } from "./random.ts";
import { iso } from "./shop.ts";

export function overview(start: number, end: number, service: string | null): Overview {
  const steps = 90;
  const step = Math.max(1, Math.round((end - start) / steps / 1000));
  const first = Math.floor(start / 1000 / step) * step;
  const factor = service === "payments" ? 0.3 : 1;
  const series = (make: (wave: number, noise: number, at: number) => number | null): Point[] =>
    Array.from({ length: steps }, (_, index): Point => {
      const at = first + index * step;
      return [at, make(Math.sin(at / (step * 14)), randomFrom(at)(), at)];
    });
  const requests = series((wave, noise) => Math.round(factor * step * (14 + wave * 5 + noise * 4)));
  const errors = series((wave, noise) => Math.round(factor * step * Math.max(0, noise * 1.1 - 0.4 + (wave > 0.9 ? 1.4 : 0))));
  const sum = (points: Point[]) => points.reduce((total, point) => total + (point[1] ?? 0), 0);
  return {
    start: iso(start),
    end: iso(end),
    step_seconds: step,
    services: ["payments", "shop"],
    totals: { requests: sum(requests), errors: sum(errors), error_rate: sum(errors) / sum(requests), p50_ms: 41.3, p95_ms: 231.8, p99_ms: 412.2, logs: 48120, errors_logged: 391, spans: 61022 },
    series: {
      requests,
      errors,
      p50_ms: series((wave, noise) => 40 + wave * 6 + noise * 4),
      p95_ms: series((wave, noise) => 210 + wave * 40 + noise * 60),
      p99_ms: series((wave, noise) => 350 + wave * 60 + noise * 160),
      cpu_percent: series((wave, noise) => 34 + wave * 12 + noise * 8),
      memory_percent: series((wave) => 61 + wave * 2),
      disk_percent: series(() => 47.2),
      process_memory_bytes: series((wave, noise) => 1.4e8 + wave * 1e7 + noise * 2e6),
    },
    current: { cpu_percent: 37.4, memory_percent: 61.8, memory_used_bytes: 15.3e9, disk_percent: 47.2, load1: 1.42 },
    endpoints: ["GET /", "GET /products", "GET /products/{id}", "POST /cart", "POST /checkout", "GET /orders/{id}", "GET /search"].map((endpoint, index) => ({ service: index === 4 ? "payments" : "shop", endpoint, requests: 4200 - index * 531, errors: index === 4 ? 211 : index * 3, error_rate: (index === 4 ? 211 : index * 3) / (4200 - index * 531), p50_ms: 22 + index * 9, p95_ms: 88 + index * 41 })),
  };
}

export function status(now: number): Status {
  const stored = { logs: 48120, spans: 61022, samples: 190233, events: 812 };
  return {
    version: "0.1.0",
    uptime_seconds: 4211,
    accepted: { ...stored, logs: 48163 },
    stored,
    quarantined: 0,
    lost: 0,
    spool: { segments: 3, bytes: 12582912, behind_bytes: 18231 },
    store: { path: "/var/lib/sightline/store", bytes: 48211232 },
    processes: [
      { instance: "a3f1c09e11d24b77", pid: 4121, service: "shop", host: "turing", last_seen: iso(now - 900), alive: true },
      { instance: "77c1d09e11d24a01", pid: 4133, service: "payments", host: "turing", last_seen: iso(now - 1400), alive: true },
      { instance: "09cc1d0911d24e5d", pid: 3980, service: "shop", host: "turing", last_seen: iso(now - 640_000), alive: false },
    ],
  };
}

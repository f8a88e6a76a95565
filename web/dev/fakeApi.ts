/** DEVELOPMENT ONLY, never shipped. Answers /api/v1 with made-up data, so that pages can be worked on without a server. */
import type { Plugin } from "vite";
import type { LogRecord, TraceSummary } from "../src/api/types";
import { overview, status } from "./numbers.ts";
import { hugeTrace, iso, requestAt, type Request } from "./shop.ts";

const SPAN: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86400 };

function moment(text: string | null, now: number, otherwise: number): number {
  if (!text) return otherwise;
  const relative = /^-(\d+)([smhd])$/.exec(text);
  return relative ? now - Number(relative[1]) * (SPAN[relative[2] ?? ""] ?? 1) * 1000 : Date.parse(text);
}

/** Two requests a second, each found again by its number. */
function requests(start: number, end: number, most = 4000): Request[] {
  const step = Math.max(500, (end - start) / most);
  const found: Request[] = [];
  for (let at = Math.ceil(start / step) * step; at < end; at += step) found.push(requestAt(at, Math.floor(at / 500) % 4294967296));
  return found;
}

function matches(record: { service: string; level?: string; text: string; trace: string; attributes: Record<string, string>; error?: boolean }, query: string): boolean {
  return query
    .split(/\s+/)
    .filter(Boolean)
    .every((word) => {
      const not = word.startsWith("-");
      const [, key, raw = ""] = /^-?(?:([\w.]+):)?(.*)$/.exec(word) ?? [];
      const value = raw.replaceAll('"', "").toLowerCase();
      const hit = !key
        ? record.text.toLowerCase().includes(value)
        : key === "level"
          ? record.level?.toLowerCase() === value
          : key === "service"
            ? record.service === value
            : key === "status"
              ? record.error === (value === "error")
              : key === "trace"
                ? record.trace === value
                : key === "duration" || (record.attributes[key] ?? "").toLowerCase() === value;
      return hit !== not;
    });
}

function logsOf(found: Request[], query: string): LogRecord[] {
  return found
    .flatMap((request) => request.trace.logs)
    .filter((record) => matches({ service: record.service, level: record.level, text: record.body, trace: record.trace_id, attributes: record.attributes }, query))
    .sort((left, right) => (left.timestamp < right.timestamp ? 1 : -1));
}

function answer(url: URL): { status: number; body: unknown } {
  const now = Date.now();
  const get = (name: string) => url.searchParams.get(name);
  const start = moment(get("start"), now, now - 900_000);
  const end = moment(get("end"), now, now);
  const query = get("query") ?? "";
  if (query.includes("((") || /"[^"]*$/.test(query)) return { status: 400, body: { type: "about:blank", title: "The search cannot be read", status: 400, detail: "A quote is opened here and never closed.", position: query.lastIndexOf('"') } };
  const path = url.pathname.replace("/api/v1", "");
  if (path === "/overview") return { status: 200, body: overview(start, end, get("service")) };
  if (path === "/status") return { status: 200, body: status(now) };
  if (path === "/services") return { status: 200, body: { services: ["shop", "payments"].map((name) => ({ name, last_seen: iso(now - 900), spans: 4120, logs: 9120 })) } };
  if (path === "/logs/histogram") {
    const count = Number(get("buckets") ?? 60);
    const step = (end - start) / count;
    const buckets = Array.from({ length: count }, (_, index) => ({ time: iso(start + index * step), count: 0, levels: {} as Record<string, number> }));
    for (const record of logsOf(requests(start, end), query)) {
      const bucket = buckets[Math.floor((Date.parse(record.timestamp) - start) / step)];
      if (!bucket) continue;
      bucket.count += 1;
      bucket.levels[record.level] = (bucket.levels[record.level] ?? 0) + 1;
    }
    return { status: 200, body: { start: iso(start), end: iso(end), step_seconds: step / 1000, buckets, total: buckets.reduce((sum, bucket) => sum + bucket.count, 0) } };
  }
  if (path === "/logs") {
    const limit = Number(get("limit") ?? 100);
    const records = logsOf(requests(start, end), query);
    const from = Number(get("cursor") ?? 0);
    return { status: 200, body: { records: records.slice(from, from + limit), next_cursor: from + limit < records.length ? String(from + limit) : null, elapsed_ms: 12.4 } };
  }
  if (path === "/traces") {
    const traces = requests(start, end, 1500)
      .filter((request) => matches({ service: "shop", text: request.endpoint, trace: request.trace.trace_id, attributes: {}, error: request.failed }, query))
      .map((request): TraceSummary => ({ trace_id: request.trace.trace_id, root_name: request.endpoint, root_service: "shop", services: request.trace.services, start: request.trace.start, duration_ms: request.trace.duration_ms, span_count: request.trace.spans.length, error_count: request.trace.spans.filter((span) => span.status === "Error").length }))
      .reverse();
    const from = Number(get("cursor") ?? 0);
    return { status: 200, body: { traces: traces.slice(from, from + 200), next_cursor: from + 200 < traces.length ? String(from + 200) : null, elapsed_ms: 8.1 } };
  }
  const id = /^\/traces\/(\w+)$/.exec(path)?.[1];
  if (id === "f".repeat(32)) return { status: 200, body: hugeTrace() };
  const found = id && requests(now - 3_600_000, now, 8000).find((request) => request.trace.trace_id === id);
  if (found) return { status: 200, body: found.trace };
  return { status: 404, body: { type: "about:blank", title: "Not found", status: 404, detail: `There is nothing at ${url.pathname}.` } };
}

export function fakeApi(): Plugin {
  return {
    name: "fake-api",
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const url = new URL(request.url ?? "/", "http://localhost");
        if (!url.pathname.startsWith("/api/")) return next();
        if (url.pathname.endsWith("/tail")) {
          response.writeHead(200, { "content-type": "text/event-stream" });
          response.write(": hello\n\n");
          const timer = setInterval(() => {
            const at = Date.now();
            for (const record of logsOf([requestAt(at, at % 4294967296)], url.searchParams.get("query") ?? "")) response.write(`event: record\ndata: ${JSON.stringify(record)}\n\n`);
          }, 700);
          request.on("close", () => clearInterval(timer));
          return;
        }
        const { status: code, body } = answer(url);
        response.writeHead(code, { "content-type": code === 200 ? "application/json" : "application/problem+json" });
        response.end(JSON.stringify(body));
      });
    },
  };
}

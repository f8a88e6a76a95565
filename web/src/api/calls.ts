/** What the pages ask. Every answer has the type that the server's description gives it. */
import { ApiError, client } from "./client";
import { keyedEvents, keyedLines, timeOfKey, type BusinessEvent, type Line } from "./lines";
import type { Api, Issue, LogContext, LogPattern, TraceSummary } from "./schema";
import { toMs } from "../state/format";

export type Range = { start: string; end?: string };
export type Searched = "logs" | "traces" | "events";
export type Whose = "process" | "service" | "everything";

/** A page of a list, and where the next one begins. */
export interface Page<T> {
  items: T[];
  cursor: string | null;
  elapsedMs: number;
}

const ask = client();

export const PAGE = 200;
const SAMPLE = 50;
/** Spans of the first page of a trace, which is drawn at once, and of the pages after it: fewer of them take half as long. */
const FIRST_SPANS = 1000;
const MORE_SPANS = 10_000;
const SUGGESTIONS = 12;
const LOGS_OF_TRACE = 1000;
/** Services of the menu: as many as one answer gives. */
const MOST_SERVICES = 1000;
const HOUR_MS = 3_600_000;

export async function fetchLogs(query: string, range: Range, cursor: string | null, signal?: AbortSignal): Promise<Page<Line>> {
  const page = await ask("GET", "/api/v1/logs", { query: { query, ...range, limit: PAGE, cursor }, signal });
  return { items: keyedLines(page.records), cursor: page.next_cursor, elapsedMs: page.elapsed_ms };
}

export const fetchHistogram = (query: string, range: Range, buckets: number, signal?: AbortSignal) => ask("GET", "/api/v1/logs/histogram", { query: { query, ...range, buckets }, signal });

/** One log again, by its key, for a link that was opened later. */
export async function fetchLine(key: string, signal?: AbortSignal): Promise<Line | null> {
  const at = toMs(timeOfKey(key));
  const range = { start: new Date(at - 1).toISOString(), end: new Date(at + 2).toISOString() };
  const page = await ask("GET", "/api/v1/logs", { query: { ...range, limit: 1000 }, signal });
  return keyedLines(page.records).find((record) => record.key === key) ?? null;
}

/** The lines around one, each with its key; `lines` counts those before and those after. */
export async function fetchContext(line: Line, lines: number, of: Whose, signal?: AbortSignal): Promise<Record<keyof Omit<LogContext, "elapsed_ms" | "record">, Line[]> & { record: Line }> {
  const id = line.id || (await fetchLine(line.key, signal))?.id;
  if (!id) throw new ApiError("This line is not stored yet", "It has only been seen live. Try again in a moment.", 0);
  const found = await ask("GET", "/api/v1/logs/context", { query: { id, before: lines, after: lines, of }, signal });
  return { before: keyedLines(found.before), record: { ...found.record, key: line.key }, after: keyedLines(found.after) };
}

export const fetchPatterns = (query: string, range: Range, trend: LogPattern["trend"] | null, signal?: AbortSignal) => ask("GET", "/api/v1/logs/patterns", { query: { query, ...range, trend, buckets: 40 }, signal });

export async function fetchEvents(query: string, range: Range, cursor: string | null, signal?: AbortSignal): Promise<Page<BusinessEvent>> {
  const page = await ask("GET", "/api/v1/events", { query: { query, ...range, limit: PAGE, cursor }, signal });
  return { items: keyedEvents(page.records), cursor: page.next_cursor, elapsedMs: page.elapsed_ms };
}

export const fetchEventCounts = (query: string, range: Range, buckets: number, signal?: AbortSignal) => ask("GET", "/api/v1/events/counts", { query: { query, ...range, buckets }, signal });

type IssueQuery = Api["GET"]["/api/v1/errors"]["query"];
export type IssueSort = NonNullable<IssueQuery["sort"]>;
export type IssueStatus = NonNullable<IssueQuery["status"]>;

export async function fetchIssues(query: string, range: Range, cursor: string | null, sort: IssueSort, status: IssueStatus, signal?: AbortSignal): Promise<Page<Issue>> {
  const page = await ask("GET", "/api/v1/errors", { query: { query, ...range, sort, status, limit: 100, cursor, buckets: 30 }, signal });
  return { items: page.issues, cursor: page.next_cursor, elapsedMs: 0 };
}

export const fetchIssue = (fingerprint: string, range: Range, signal?: AbortSignal) => ask("GET", "/api/v1/errors/{fingerprint}", { path: { fingerprint }, query: { ...range }, signal });

export async function fetchTraces(query: string, range: Range, cursor: string | null, signal?: AbortSignal, limit = PAGE): Promise<Page<TraceSummary>> {
  const page = await ask("GET", "/api/v1/traces", { query: { query, ...range, limit, cursor }, signal });
  return { items: page.traces, cursor: page.next_cursor, elapsedMs: page.elapsed_ms };
}

/** A few traces of a part of the range, for the chart. */
export const fetchSample = async (query: string, range: Range, signal: AbortSignal) => (await fetchTraces(query, range, null, signal, SAMPLE)).items;

export const fetchSpans = (id: string, cursor: string | null, signal?: AbortSignal) => ask("GET", "/api/v1/traces/{trace_id}/spans", { path: { trace_id: id }, query: { limit: cursor ? MORE_SPANS : FIRST_SPANS, cursor }, signal });

export const fetchPath = (id: string, signal?: AbortSignal) => ask("GET", "/api/v1/traces/{trace_id}/critical-path", { path: { trace_id: id }, signal });

/** The lines that carry a trace's id, oldest first; `start` is when the trace began. */
export async function fetchTraceLogs(id: string, start: string, signal?: AbortSignal): Promise<Line[]> {
  const at = toMs(start);
  const range = { start: new Date(at - HOUR_MS).toISOString(), end: new Date(at + 24 * HOUR_MS).toISOString() };
  const page = await ask("GET", "/api/v1/logs", { query: { query: `trace:${id}`, ...range, limit: LOGS_OF_TRACE, order: "asc" }, signal });
  return keyedLines(page.records);
}

export const fetchTraceComparison = (before: string, after: string, signal?: AbortSignal) => ask("GET", "/api/v1/traces/compare", { query: { before, after }, signal });

export const fetchFacets = (signal: Searched, query: string, range: Range, abort?: AbortSignal) => ask("GET", "/api/v1/search/facets", { query: { signal, query, ...range }, signal: abort });

export const fetchCompletion = (signal: Searched, text: string, position: number, range: Range, abort?: AbortSignal) =>
  ask("GET", "/api/v1/search/complete", { query: { signal, text, position, ...range, limit: SUGGESTIONS }, signal: abort });

export const fetchComparison = (signal: Searched, selection: string, among: string, range: Range, abort?: AbortSignal) =>
  ask("GET", "/api/v1/search/compare", { query: { signal, selection, among, ...range, limit: 30 }, signal: abort });

export const fetchOverview = (range: Range, service: string, signal?: AbortSignal) => ask("GET", "/api/v1/overview", { query: { ...range, service }, signal });

export const fetchServices = async (signal?: AbortSignal) => (await ask("GET", "/api/v1/services", { query: { limit: MOST_SERVICES }, signal })).services;

export const fetchStatus = (signal?: AbortSignal) => ask("GET", "/api/v1/status", { signal });


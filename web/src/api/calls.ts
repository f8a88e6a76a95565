import { getJson } from "./client";
import { keyed, timeOfKey } from "./keys";
import { toMs } from "../state/format";
import type { Histogram, LogPage, LogRecord, Overview, ServiceSeen, Status, Trace, TracePage, TraceSummary } from "./types";

type Range = Record<string, string>;

export const LOG_PAGE = 200;
export const TRACE_PAGE = 200;
const SAMPLE = 50;

export async function fetchLogs(query: string, range: Range, cursor: string | null, signal?: AbortSignal): Promise<LogPage> {
  const page = await getJson<LogPage>("/logs", { query, ...range, limit: LOG_PAGE, cursor }, signal);
  return { ...page, records: keyed(page.records) };
}

export function fetchHistogram(query: string, range: Range, buckets: number, signal?: AbortSignal): Promise<Histogram> {
  return getJson("/logs/histogram", { query, ...range, buckets }, signal);
}

/** One record again, by its key, for a link that was opened later. */
export async function fetchRecord(key: string, signal?: AbortSignal): Promise<LogRecord | null> {
  const at = toMs(timeOfKey(key));
  const start = new Date(at - 1).toISOString();
  const end = new Date(at + 2).toISOString();
  const page = await getJson<LogPage>("/logs", { start, end, limit: 1000 }, signal);
  return keyed(page.records).find((record) => record.id === key) ?? null;
}

export function fetchTraces(query: string, range: Range, cursor: string | null, signal?: AbortSignal): Promise<TracePage> {
  return getJson("/traces", { query, ...range, limit: TRACE_PAGE, cursor }, signal);
}

/** A few traces of a part of the range, for the chart. */
export async function fetchSample(query: string, range: Range, signal: AbortSignal): Promise<TraceSummary[]> {
  return (await getJson<TracePage>("/traces", { query, ...range, limit: SAMPLE }, signal)).traces;
}

export async function fetchTrace(id: string, signal?: AbortSignal): Promise<Trace> {
  const trace = await getJson<Trace>(`/traces/${encodeURIComponent(id)}`, {}, signal);
  return { ...trace, logs: keyed(trace.logs) };
}

export function fetchOverview(range: Range, service: string, signal?: AbortSignal): Promise<Overview> {
  return getJson("/overview", { ...range, service }, signal);
}

export async function fetchServices(signal?: AbortSignal): Promise<ServiceSeen[]> {
  return (await getJson<{ services: ServiceSeen[] }>("/services", {}, signal)).services;
}

export function fetchStatus(signal?: AbortSignal): Promise<Status> {
  return getJson("/status", {}, signal);
}

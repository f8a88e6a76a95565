import type { EventRecord, LogRecord } from "./schema";

/** A log with the key by which a page knows it: the server's ids are not there yet while a line is only followed live. */
export interface Line extends LogRecord {
  key: string;
}

export interface BusinessEvent extends EventRecord {
  key: string;
}

/** A 53-bit hash (cyrb53): short enough for an address, and far from colliding within one nanosecond. */
function hash(text: string): string {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return (4294967296 * (2097151 & low) + (high >>> 0)).toString(36);
}

function lineKey(record: LogRecord): string {
  const { timestamp, severity, service, logger, body, span_id } = record;
  return `${timestamp}_${hash([severity, service, logger, span_id, body].join("\u0000"))}`;
}

function eventKey(record: EventRecord): string {
  return `${record.timestamp}_${hash(JSON.stringify([record.name, record.service, record.span_id, record.data]))}`;
}

export function timeOfKey(key: string): string {
  return key.slice(0, key.lastIndexOf("_"));
}

/** The records with their keys; of equal ones, the second and later are told apart by a number. */
function keyed<T>(records: T[], keyOf: (record: T) => string): (T & { key: string })[] {
  const seen = new Map<string, number>();
  return records.map((record) => {
    const key = keyOf(record);
    const count = seen.get(key) ?? 0;
    seen.set(key, count + 1);
    return { ...record, key: count ? `${key}.${count}` : key };
  });
}

export const keyedLines = (records: LogRecord[]): Line[] => keyed(records, lineKey);
export const keyedEvents = (records: EventRecord[]): BusinessEvent[] => keyed(records, eventKey);

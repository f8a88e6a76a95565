import type { LogRecord } from "./types";

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

/**
 * A record's key, made of its time and content.
 *
 * A record of the live tail has no id yet; with this key it is the same one when a search finds it later.
 */
export function recordKey(record: Omit<LogRecord, "id">): string {
  const { timestamp, severity, service, logger, body, span_id } = record;
  return `${timestamp}_${hash([severity, service, logger, span_id, body].join("\u0000"))}`;
}

export function timeOfKey(key: string): string {
  return key.slice(0, key.lastIndexOf("_"));
}

/** The records with their keys as ids; of equal ones, the second and later are told apart by a number. */
export function keyed(records: LogRecord[]): LogRecord[] {
  const seen = new Map<string, number>();
  return records.map((record) => {
    const key = recordKey(record);
    const count = seen.get(key) ?? 0;
    seen.set(key, count + 1);
    return { ...record, id: count ? `${key}.${count}` : key };
  });
}

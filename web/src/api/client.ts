/** One door to the server, typed by its own description: JSON in and out, RFC 9457 problems as `ApiError`. */
import type { Api } from "./schema";

type Part<Question, Name extends string> = Question extends Record<Name, infer Found> ? Found : never;
type Needed<Name extends string, Found> = Record<never, never> extends Found ? { [name in Name]?: Found } : { [name in Name]: Found };
type Body<Found> = [Found] extends [never] ? { body?: undefined } : { body: Found };

/** What a question takes: the parts of its path, its parameters, its body; each only needed where something in it is. */
export type Asked<Question> = Needed<"path", Part<Question, "path">> & Needed<"query", Part<Question, "query">> & Body<Part<Question, "body">> & { signal?: AbortSignal };

export type Answer<Method extends keyof Api, Path extends keyof Api[Method]> = Part<Api[Method][Path], "answer">;

export class ApiError extends Error {
  constructor(
    readonly title: string,
    readonly detail: string,
    readonly status: number,
    /** Which character of the query is at fault, counted from 0; null when the problem is no syntax error. */
    readonly position: number | null = null,
  ) {
    super(detail || title);
  }
}

export function asError(fault: unknown): ApiError {
  return fault instanceof ApiError ? fault : new ApiError("The answer could not be read", String(fault), 0);
}

/** The address of a question; parameters that are empty are left to their defaults. */
export function address(template: string, path: Record<string, unknown> = {}, query: Record<string, unknown> = {}): string {
  const filled = template.replace(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(String(path[name])));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const each of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (each !== null && each !== undefined && each !== "") search.append(name, String(each));
    }
  }
  return search.size ? `${filled}?${search.toString()}` : filled;
}

async function problem(response: Response): Promise<ApiError> {
  let body: Record<string, unknown> = {};
  try {
    body = (await response.json()) as Record<string, unknown>;
  } catch {
    // A proxy in between may answer with a page of its own.
  }
  const text = (key: string) => (typeof body[key] === "string" ? body[key] : "");
  const position = typeof body.position === "number" ? body.position : null;
  return new ApiError(text("title") || `The server answered ${response.status}`, text("detail"), response.status, position);
}

/** A function that asks the server at `base`; without one, that which the page came from. */
export function client(base = "", headers: Record<string, string> = {}) {
  return async function ask<Method extends keyof Api, Path extends keyof Api[Method] & string>(method: Method, path: Path, asked: Asked<Api[Method][Path]>): Promise<Answer<Method, Path>> {
    const { path: parts, query, body, signal } = asked as { path?: Record<string, unknown>; query?: Record<string, unknown>; body?: unknown; signal?: AbortSignal };
    const content = body === undefined ? {} : { body: JSON.stringify(body), headers: { ...headers, accept: "application/json", "content-type": "application/json" } };
    let response: Response;
    try {
      response = await fetch(base + address(path, parts, query), { method, signal, headers: { ...headers, accept: "application/json" }, ...content });
    } catch (fault) {
      if (signal?.aborted) throw fault;
      throw new ApiError("The server cannot be reached", "Is “sightline serve” running?", 0);
    }
    if (!response.ok) throw await problem(response);
    return (await response.json()) as Answer<Method, Path>;
  };
}

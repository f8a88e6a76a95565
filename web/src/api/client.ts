/** One door to the server: JSON in, RFC 9457 problems out as `ApiError`. */

export class ApiError extends Error {
  constructor(
    readonly title: string,
    readonly detail: string,
    readonly status: number,
    /** Where in the query the fault is, counted from 0; null when the problem is no syntax error. */
    readonly position: number | null = null,
  ) {
    super(detail || title);
  }
}

type Query = Record<string, string | number | null | undefined>;

export function apiUrl(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") search.set(key, String(value));
  }
  const text = search.toString();
  return text ? `/api/v1${path}?${text}` : `/api/v1${path}`;
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

export async function getJson<T>(path: string, query: Query, signal?: AbortSignal): Promise<T> {
  let response: Response;
  try {
    response = await fetch(apiUrl(path, query), { headers: { accept: "application/json" }, signal });
  } catch (fault) {
    if (signal?.aborted) throw fault;
    throw new ApiError("The server cannot be reached", "Is “sightline serve” running? This page tries again by itself.", 0);
  }
  if (!response.ok) throw await problem(response);
  return (await response.json()) as T;
}

import type { ApiError } from "../api/client";

/** The query again, with the character marked that the server could not read, and what it expected there. */
export function SearchFault({ query, error }: { query: string; error: ApiError }) {
  const characters = Array.from(query);
  const at = error.position === null ? null : Math.min(error.position, characters.length);
  return (
    <div className="search-fault" id="search-fault" role="alert">
      {at !== null && (
        <pre className="scroll">
          {characters.slice(0, at).join("")}
          <mark className="fault-at">{characters[at] ?? " "}</mark>
          {characters.slice(at + 1).join("")}
        </pre>
      )}
      <p>
        {error.detail || error.title}
        {at !== null && <span className="hidden"> At character {at + 1}.</span>}
      </p>
    </div>
  );
}

import { setParams } from "../../state/url";
import { setSpan } from "../../state/time";
import { Empty } from "../../ui/States";

/** No record matches: why, and two ways on. */
export function Nothing({ title, query, children }: { title: string; query: string; children: string }) {
  return (
    <Empty icon="search" title={title}>
      <p>{query ? "Try fewer terms, or a longer range." : children}</p>
      <div className="state-actions">
        {query && (
          <button type="button" className="button" onClick={() => setParams({ q: null })}>
            Clear the search
          </button>
        )}
        <button type="button" className="button" onClick={() => setSpan("24h")}>
          Look at the last 24 hours
        </button>
      </div>
    </Empty>
  );
}

/** Grey bars where rows will be. */
export function LoadingRows() {
  return (
    <div role="status" aria-label="Loading">
      {Array.from({ length: 14 }, (_, index) => (
        <div key={index} className="skeleton-row">
          <span className="skeleton log-skeleton" />
        </div>
      ))}
    </div>
  );
}

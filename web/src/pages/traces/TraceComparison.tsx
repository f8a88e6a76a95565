import { fetchTraceComparison } from "../../api/calls";
import { useQuery } from "../../api/useQuery";
import type { PathChange, PathFigures } from "../../api/schema";
import { duration, integer } from "../../state/format";
import { linkTo } from "../../state/url";
import { Link } from "../../ui/Link";
import { Empty, Failed } from "../../ui/States";

/** Changes that are listed; those after them are smaller. */
const MOST = 300;

function Figures({ figures }: { figures: PathFigures | null }) {
  if (!figures) return <span className="muted">–</span>;
  return (
    <>
      {duration(figures.self_ms)}
      <small>
        {integer(figures.count)}×{figures.errors > 0 && <span className="bad-text"> {integer(figures.errors)} failed</span>}
      </small>
    </>
  );
}

function Row({ change, most }: { change: PathChange; most: number }) {
  const { path, before, after, change_ms: by } = change;
  const part = most ? (Math.abs(by) / most) * 50 : 0;
  return (
    <tr>
      <th scope="row" title={path.join("\n")}>
        <span className="path-name">
          <span className="cut">{path.at(-1)}</span>
          {!before && <span className="badge warn">new</span>}
          {!after && <span className="badge">gone</span>}
        </span>
        {path.length > 1 && <span className="path-above cut">{path.slice(0, -1).reverse().join(" ‹ ")}</span>}
      </th>
      <td>
        <Figures figures={before} />
      </td>
      <td>
        <Figures figures={after} />
      </td>
      <td className={by > 0 ? "bad-text" : undefined}>
        {by > 0 ? "+" : ""}
        {duration(by)}
        <span className="change-track">
          <i className={by > 0 ? "change-bar slower" : "change-bar"} style={{ insetInlineStart: by > 0 ? "50%" : `${50 - part}%`, inlineSize: `${part}%` }} />
        </span>
      </td>
    </tr>
  );
}

/** Two traces, path by path: what the second does longer, more often, or not at all. */
export function TraceComparison({ before, after }: { before: string; after: string }) {
  const found = useQuery(`compare ${before} ${after}`, (signal) => fetchTraceComparison(before, after, signal));
  if (found.error) return found.error.status === 404 || found.error.status === 400 ? <Empty icon="alert" title="The other trace is not here"><p className="mono">{before}</p></Empty> : <Failed error={found.error} onRetry={found.reload} />;
  if (!found.data) return <div className="skeleton trace-skeleton-rows" role="status" aria-label="Loading" />;
  const { paths, before_ms: beforeMs, after_ms: afterMs } = found.data;
  const most = paths.reduce((high, each) => Math.max(high, Math.abs(each.change_ms)), 0);
  return (
    <section className="card trace-compare" aria-label="Comparison">
      <p className="view-note muted">
        The other trace took <b>{duration(beforeMs)}</b>, this one <b>{duration(afterMs)}</b>. Times are each span’s own, without its children; the largest change comes first.{" "}
        <Link href={linkTo(`/traces/${before}`)}>Open the other trace</Link>
      </p>
      <div className="scroll table-scroll" tabIndex={0} role="group" aria-label="Changes">
        <table className="table changes">
          <thead>
            <tr>
              <th scope="col">Span</th>
              <th scope="col">Other</th>
              <th scope="col">This</th>
              <th scope="col">Change</th>
            </tr>
          </thead>
          <tbody>
            {paths.slice(0, MOST).map((change) => (
              <Row key={change.path.join("\n")} change={change} most={most} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

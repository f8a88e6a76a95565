import { fetchTrace } from "../../api/calls";
import { useQuery } from "../../api/useQuery";
import { linkTo } from "../../state/url";
import { Empty, Failed } from "../../ui/States";
import { Link } from "../../ui/Link";
import { TraceView } from "./TraceView";

/** A trace that is not there yet may still be on its way: it is asked for again. */
const AGAIN_MS = 3000;

export function TracePage({ id }: { id: string }) {
  const trace = useQuery(`trace ${id}`, (signal) => fetchTrace(id, signal));
  const missing = trace.error?.status === 404;
  useQuery(missing ? `again ${id}` : null, (signal) => fetchTrace(id, signal).then(trace.reload), AGAIN_MS);
  if (trace.data) return <TraceView trace={trace.data} />;
  if (missing) {
    return (
      <Empty icon="search" title="This trace is not here">
        <p className="mono">{id}</p>
        <p>Its spans may not have arrived yet, or may be older than the retention allows.</p>
        <Link className="button" href={linkTo("/traces")}>
          All traces
        </Link>
      </Empty>
    );
  }
  if (trace.error) return <Failed error={trace.error} onRetry={trace.reload} />;
  return (
    <div className="trace-view" role="status" aria-label="Loading">
      <div className="skeleton trace-skeleton-head" />
      <div className="skeleton trace-skeleton-map" />
      <div className="skeleton trace-skeleton-rows" />
    </div>
  );
}

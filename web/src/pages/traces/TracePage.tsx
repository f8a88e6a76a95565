import { linkTo } from "../../state/url";
import { Link } from "../../ui/Link";
import { Empty, Failed, StaleBanner } from "../../ui/States";
import { TraceView } from "./TraceView";
import { useTrace } from "./useTrace";

export function TracePage({ id }: { id: string }) {
  const { trace, missing, error, reload } = useTrace(id);
  if (trace) {
    return (
      <>
        {error && <StaleBanner error={error} what="The spans" onRetry={reload} />}
        <TraceView trace={trace} />
      </>
    );
  }
  if (error) return <Failed error={error} onRetry={reload} />;
  if (missing) {
    return (
      <Empty icon="search" title="This trace is not here">
        <p className="mono">{id}</p>
        <p>Its spans may not have arrived yet, or may be older than the retention allows. This page looks again every few seconds.</p>
        <Link className="button" href={linkTo("/traces")}>
          All traces
        </Link>
      </Empty>
    );
  }
  return (
    <div className="trace-view" role="status" aria-label="Loading">
      <div className="skeleton trace-skeleton-head" />
      <div className="skeleton trace-skeleton-map" />
      <div className="skeleton trace-skeleton-rows" />
    </div>
  );
}

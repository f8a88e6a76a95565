import { useState } from "react";
import { fetchTrace } from "../../api/calls";
import { ApiError } from "../../api/client";
import { useQuery } from "../../api/useQuery";
import type { Trace } from "../../api/types";
import { linkTo } from "../../state/url";
import { Link } from "../../ui/Link";
import { Empty, Failed } from "../../ui/States";
import { TraceView } from "./TraceView";

/** A trace that is not there may still be on its way: it is asked for again after so long. */
const AGAIN_MS = 3000;

async function fetchIfThere(id: string, signal: AbortSignal): Promise<Trace | null> {
  try {
    return await fetchTrace(id, signal);
  } catch (fault) {
    if (fault instanceof ApiError && fault.status === 404) return null;
    throw fault;
  }
}

export function TracePage({ id }: { id: string }) {
  const [missing, setMissing] = useState(false);
  const load = async (signal: AbortSignal) => {
    const found = await fetchIfThere(id, signal);
    setMissing(found === null);
    return { found };
  };
  const trace = useQuery(`trace ${id}`, load, missing ? AGAIN_MS : 0);
  if (trace.data?.found) return <TraceView trace={trace.data.found} />;
  if (trace.error) return <Failed error={trace.error} onRetry={trace.reload} />;
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

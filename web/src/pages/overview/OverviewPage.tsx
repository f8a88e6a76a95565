import { useMemo } from "react";
import { fetchOverview, fetchStatus } from "../../api/calls";
import { useQuery } from "../../api/useQuery";
import { useRefresh } from "../../state/refresh";
import { rangeKey, rangeQuery, useRange } from "../../state/time";
import { useParams } from "../../state/url";
import { Failed, StaleBanner } from "../../ui/States";
import { Charts } from "./Charts";
import { EndpointTable } from "./EndpointTable";
import { IngestPanel } from "./IngestPanel";
import { Loading } from "./Loading";
import { NothingYet } from "./NothingYet";
import { ProcessList } from "./ProcessList";
import { withRates } from "./rates";
import { Tiles } from "./Tiles";

export function OverviewPage() {
  const range = useRange();
  const refresh = useRefresh();
  const { service = "" } = useParams();
  const overview = useQuery(`overview ${rangeKey(range)}|${service}`, (signal) => fetchOverview(rangeQuery(range), service, signal), refresh);
  const status = useQuery("status", fetchStatus, refresh || 15_000);

  const data = useMemo(() => overview.data && withRates(overview.data), [overview.data]);

  if (overview.error && !data) return <Failed error={overview.error} onRetry={overview.reload} />;
  if (!data) return <Loading />;
  const nothing = status.data !== null && Object.values(status.data.accepted).every((count) => count === 0) && data.totals.logs + data.totals.spans === 0;
  return (
    <div className={overview.stale ? "overview waiting" : "overview"} aria-busy={overview.stale}>
      {overview.error && <StaleBanner error={overview.error} onRetry={overview.reload} />}
      {nothing && <NothingYet />}
      <Tiles data={data} />
      <Charts data={data} />
      <div className="overview-below">
        <EndpointTable endpoints={data.endpoints} seconds={Math.max(1, (Date.parse(data.end) - Date.parse(data.start)) / 1000)} />
        <div className="overview-side">
          <IngestPanel status={status.data} error={status.error} />
          <ProcessList processes={status.data?.processes ?? null} service={service} />
        </div>
      </div>
    </div>
  );
}

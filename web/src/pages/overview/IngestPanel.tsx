import type { ApiError } from "../../api/client";
import type { Records, Status } from "../../api/schema";
import { bytes, duration, integer } from "../../state/format";

const SIGNALS: readonly (keyof Records)[] = ["logs", "spans", "samples", "events"];

/** Bytes waiting in the spool that are still an ordinary moment's work. */
const BEHIND_BYTES = 8 * 1024 * 1024;

function verdict(status: Status | null, error: ApiError | null): readonly [tone: string, text: string] {
  if (error) return ["bad", "Not reachable"];
  if (!status) return ["", "…"];
  if (status.lost > 0) return ["bad", `${integer(status.lost)} lost`];
  if (status.quarantined > 0) return ["warn", `${integer(status.quarantined)} set aside`];
  return status.spool.behind_bytes > BEHIND_BYTES ? ["warn", "Behind"] : ["good", "All stored"];
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** Whether what was accepted is also stored. */
export function IngestPanel({ status, error }: { status: Status | null; error: ApiError | null }) {
  const [tone, text] = verdict(status, error);
  return (
    <section className="card" aria-labelledby="ingest-title">
      <div className="card-head">
        <h2 id="ingest-title">Ingest</h2>
        <span className="spring" />
        <span className={`badge ${tone}`}>{text}</span>
      </div>
      <table className="table counts">
        <thead>
          <tr>
            <th scope="col">Records</th>
            <th scope="col">Accepted</th>
            <th scope="col">Stored</th>
          </tr>
        </thead>
        <tbody>
          {SIGNALS.map((signal) => (
            <tr key={signal}>
              <th scope="row">{signal}</th>
              <td>{integer(status?.accepted[signal])}</td>
              <td>{integer(status?.stored[signal])}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <dl className="facts">
        <Fact name="Behind" value={bytes(status?.spool.behind_bytes)} />
        <Fact name="Lost" value={integer(status?.lost)} />
        <Fact name="Set aside" value={integer(status?.quarantined)} />
        <Fact name="Spool" value={bytes(status?.spool.bytes)} />
        <Fact name="Store" value={bytes(status?.store.bytes)} />
        <Fact name="Running for" value={status ? duration(status.uptime_seconds * 1000) : "–"} />
      </dl>
    </section>
  );
}

import { useMemo } from "react";
import type { Endpoint } from "../../api/schema";
import { serviceColor } from "../../charts/palette";
import { duration, integer, number, share } from "../../state/format";
import { term } from "../../state/terms";
import { linkTo, setParams, useParams } from "../../state/url";
import { Empty } from "../../ui/States";
import { Icon } from "../../ui/Icon";
import { Link } from "../../ui/Link";

type Key = "endpoint" | "requests" | "error_rate" | "p50_ms" | "p95_ms";

const COLUMNS: readonly (readonly [key: Key, label: string])[] = [
  ["endpoint", "Endpoint"],
  ["requests", "Requests"],
  ["error_rate", "Errors"],
  ["p50_ms", "p50"],
  ["p95_ms", "p95"],
];

function sorted(endpoints: Endpoint[], key: Key, down: boolean): Endpoint[] {
  const order = (left: Endpoint, right: Endpoint) =>
    key === "endpoint" ? left.endpoint.localeCompare(right.endpoint) : (left[key] ?? -1) - (right[key] ?? -1);
  return [...endpoints].sort((left, right) => (down ? order(right, left) : order(left, right)));
}

function tracesOf(row: Endpoint): string {
  return linkTo("/traces", { q: `${term("service", row.service)} ${term("name", row.endpoint)}` });
}

function Row({ row, seconds, slowest }: { row: Endpoint; seconds: number; slowest: number }) {
  return (
    <tr>
      <th scope="row">
        <Link href={tracesOf(row)} title={`Traces of ${row.endpoint}`}>
          {row.endpoint}
        </Link>
        <span className="service-name">
          <i className="dot" style={{ color: serviceColor(row.service) }} />
          {row.service}
        </span>
      </th>
      <td>
        {number(row.requests / seconds)}/s
        <small>{integer(row.requests)}</small>
      </td>
      <td className={row.error_rate > 0.05 ? "bad-text" : undefined}>
        {share(row.error_rate)}
        <small>{integer(row.errors)}</small>
      </td>
      <td>{duration(row.p50_ms)}</td>
      <td>
        {duration(row.p95_ms)}
        <i className="meter" style={{ inlineSize: `${slowest ? ((row.p95_ms ?? 0) / slowest) * 100 : 0}%` }} />
      </td>
      <td className="row-links">
        <Link href={linkTo("/traces", { q: `${term("service", row.service)} ${term("name", row.endpoint)} status:error` })} className="button small quiet" aria-label={`Failed traces of ${row.endpoint}`}>
          failed
        </Link>
        <Link href={linkTo("/logs", { service: row.service, q: "level:>=warning" })} className="button small quiet" aria-label={`Logs of ${row.service}: warnings and errors`}>
          logs
        </Link>
      </td>
    </tr>
  );
}

export function EndpointTable({ endpoints, seconds }: { endpoints: Endpoint[]; seconds: number }) {
  const { sort = "-requests" } = useParams();
  const down = sort.startsWith("-");
  const key = COLUMNS.find(([name]) => name === sort.replace("-", ""))?.[0] ?? "requests";
  const rows = useMemo(() => sorted(endpoints, key, down), [endpoints, key, down]);
  const slowest = Math.max(0, ...endpoints.map((row) => row.p95_ms ?? 0));
  return (
    <section className="card" aria-labelledby="endpoints-title">
      <div className="card-head">
        <h2 id="endpoints-title">Endpoints</h2>
        <span className="muted">{endpoints.length || ""}</span>
      </div>
      {rows.length === 0 ? (
        <Empty title="No request in this range">
          <p>Requests of instrumented web applications are listed here, by route.</p>
        </Empty>
      ) : (
        <div className="scroll table-scroll" tabIndex={0} role="group" aria-label="Endpoints">
          <table className="table endpoints">
            <thead>
              <tr>
                {COLUMNS.map(([name, label]) => (
                  <th key={name} scope="col" aria-sort={name === key ? (down ? "descending" : "ascending") : undefined}>
                    <button type="button" onClick={() => setParams({ sort: name === key && down ? name : `-${name}` }, "replace")}>
                      {label}
                      {name === key && <Icon name={down ? "chevron" : "up"} small />}
                    </button>
                  </th>
                ))}
                <th scope="col">
                  <span className="hidden">Links</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <Row key={`${row.service} ${row.endpoint}`} row={row} seconds={seconds} slowest={slowest} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

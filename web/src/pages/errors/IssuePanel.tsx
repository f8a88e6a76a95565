import { fetchIssue } from "../../api/calls";
import { useQuery } from "../../api/useQuery";
import type { IssueDetail } from "../../api/schema";
import { ago, clock, dateTime, integer, number, toMs } from "../../state/format";
import { term } from "../../state/terms";
import { rangeKey, rangeQuery, useRange } from "../../state/time";
import { linkTo } from "../../state/url";
import { ExceptionBlock } from "../../ui/ExceptionBlock";
import { FieldTable } from "../../ui/FieldTable";
import { Icon } from "../../ui/Icon";
import { Link } from "../../ui/Link";
import { Failed } from "../../ui/States";
import { STATUS_BADGES } from "./IssueRow";

const TRACES = 8;

function Detail({ detail }: { detail: IssueDetail }) {
  const { issue, example } = detail;
  const badge = STATUS_BADGES[issue.status];
  const lines = `${term("exception.type", issue.type)} ${term("service", issue.service)}`;
  return (
    <>
      <div className="record-top">
        {badge && <span className={badge}>{issue.status}</span>}
        {!issue.handled && <span className="badge warn">unhandled</span>}
        <span className="muted">
          {integer(issue.count)} times{issue.users > 0 && `, ${integer(issue.users)} users`}
        </span>
      </div>
      <p className="record-time muted">
        First {dateTime(toMs(detail.first_seen_ever))}
        {detail.first_release_ever && ` in ${detail.first_release_ever}`} · last {ago(toMs(issue.last_seen), Date.now())}
        {issue.last_release && ` in ${issue.last_release}`}
      </p>
      <div className="record-actions">
        <Link className="button small primary" href={linkTo("/logs", { q: lines, service: null })}>
          <Icon name="logs" small />
          Its lines
        </Link>
        {example.trace_id && (
          <Link className="button small" href={linkTo(`/traces/${example.trace_id}`, { span: example.span_id })}>
            <Icon name="traces" small />
            Newest trace
          </Link>
        )}
      </div>
      <ExceptionBlock attributes={{ ...example.attributes, "exception.type": issue.type, "exception.message": issue.message, "exception.stacktrace": detail.stacktrace }} />
      {detail.facets.map((facet) => (
        <FieldTable key={facet.field} title={facet.field} fields={Object.fromEntries(facet.values.map(({ value, count }) => [value, `${number(count)}×`]))} />
      ))}
      {detail.traces.length > 0 && (
        <section className="fields">
          <h3 className="fields-title">Traces</h3>
          <ul className="issue-traces">
            {detail.traces.slice(0, TRACES).map((trace) => (
              <li key={`${trace.trace_id} ${trace.span_id}`}>
                <Link className="mono" href={linkTo(`/traces/${trace.trace_id}`, { span: trace.span_id })}>
                  {clock(toMs(trace.time))} {trace.trace_id.slice(0, 16)}…
                </Link>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

/** One issue: its newest occurrence, and what all of the range have in common. */
export function IssuePanel({ fingerprint, onClose }: { fingerprint: string; onClose: () => void }) {
  const range = useRange();
  const found = useQuery(`issue ${fingerprint}|${rangeKey(range)}`, (signal) => fetchIssue(fingerprint, rangeQuery(range), signal));
  return (
    <aside className="card panel" aria-label="Issue">
      <div className="panel-head">
        <h2 className="cut">{found.data?.issue.type ?? "Issue"}</h2>
        <span className="spring" />
        <button type="button" className="button small quiet square" aria-label="Close (Esc)" title="Close (Esc)" onClick={onClose}>
          <Icon name="close" small />
        </button>
      </div>
      <div className="scroll panel-body" tabIndex={0} role="group" aria-label="Details">
        {found.error && <Failed error={found.error} onRetry={found.reload} />}
        {found.loading && <div className="skeleton panel-skeleton" role="status" aria-label="Loading" />}
        {found.data && <Detail detail={found.data} />}
      </div>
    </aside>
  );
}

import { fetchComparison, type Searched } from "../../api/calls";
import { useQuery } from "../../api/useQuery";
import type { Difference } from "../../api/schema";
import { integer, share } from "../../state/format";
import { addTerm, term } from "../../state/terms";
import { rangeKey, rangeQuery, useRange } from "../../state/time";
import { setParams } from "../../state/url";
import { Empty, Failed } from "../../ui/States";
import { LoadingRows } from "./Nothing";

const TRIES: Record<Searched, readonly string[]> = {
  logs: ["level:>=error"],
  traces: ["status:error", "duration:>500ms"],
  events: [],
};

interface Props {
  signal: Searched;
  q: string;
  /** Of which service both sides are; empty for all. */
  service: string;
}

function Row({ difference, q }: { difference: Difference; q: string }) {
  const { field, value, selected, selected_share: ours, others, others_share: theirs } = difference;
  const sides = [
    ["matching", ours, selected, "compare-bar ours"],
    ["others", theirs, others, "compare-bar"],
  ] as const;
  return (
    <li>
      <button type="button" className="compare-row" title="Search for these" onClick={() => setParams({ q: addTerm(q, term(field, value)), view: null })}>
        <span className="compare-name">
          <span className="muted cut">{field}</span>
          <span className="mono compare-value">{value}</span>
        </span>
        <span className="compare-sides">
          {sides.map(([name, part, count, style]) => (
            <span key={name} className="compare-side">
              <span className="muted">{name}</span>
              <i className="compare-track">
                <i className={style} style={{ inlineSize: `${part * 100}%` }} />
              </i>
              <b>{share(part)}</b>
              <span className="muted">{integer(count)}</span>
            </span>
          ))}
        </span>
      </button>
    </li>
  );
}

/** What the records of the search have more often than all others of the range, or less. */
export function CompareView({ signal, q, service }: Props) {
  const range = useRange();
  const among = service ? term("service", service) : "";
  const found = useQuery(q ? `compare ${signal}|${q}|${among}|${rangeKey(range)}` : null, (abort) => fetchComparison(signal, q, among, rangeQuery(range), abort));
  if (!q) {
    return (
      <Empty icon="compare" title="Compare what with the rest?">
        <p>Search for some records, such as the failing or the slow ones: here stands what they have more often than all others of this range.</p>
        <div className="state-actions">
          {TRIES[signal].map((each) => (
            <button key={each} type="button" className="button mono" onClick={() => setParams({ q: each })}>
              {each}
            </button>
          ))}
        </div>
      </Empty>
    );
  }
  if (found.error) return found.error.status === 400 ? <Empty icon="alert" title="This search cannot be read" /> : <Failed error={found.error} onRetry={found.reload} />;
  if (!found.data) return <LoadingRows />;
  const { selected, others, differences, sampled } = found.data;
  if (!selected || !others) return <Empty icon="search" title={selected ? "Everything in this range matches" : "No record matches"} />;
  return (
    <div className={found.stale ? "scroll view-body waiting" : "scroll view-body"} tabIndex={0} role="group" aria-label="Differences">
      <p className="view-note muted">
        {integer(selected)} records that match, beside {integer(others)} others{service && ` of ${service}`}
        {sampled && ", some of many"}. What tells them apart best comes first.
      </p>
      {differences.length === 0 && <Empty title="Nothing tells them apart">No field has a value that one side has clearly more often.</Empty>}
      <ul>
        {differences.map((difference) => (
          <Row key={`${difference.field} ${difference.value}`} difference={difference} q={q} />
        ))}
      </ul>
    </div>
  );
}

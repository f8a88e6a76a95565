import { fetchPatterns } from "../../api/calls";
import { useQuery } from "../../api/useQuery";
import type { LogPattern } from "../../api/schema";
import { integer } from "../../state/format";
import { rangeKey, rangeQuery, useRange } from "../../state/time";
import { setParams, useParams } from "../../state/url";
import { Empty, Failed } from "../../ui/States";
import { LoadingRows, Nothing } from "../search/Nothing";
import { PatternRow } from "./PatternRow";

type Trend = LogPattern["trend"];

const TRENDS: readonly (readonly [Trend | "", string])[] = [
  ["", "All"],
  ["new", "New"],
  ["rising", "Rising"],
  ["falling", "Falling"],
  ["steady", "Steady"],
];

/** The messages behind the lines of a search, and which of them are new or come more often than before. */
export function PatternsView({ query, q }: { query: string; q: string }) {
  const range = useRange();
  const chosen = useParams().trend ?? "";
  const trend = TRENDS.find(([name]) => name === chosen)?.[0] ?? "";
  const found = useQuery(`patterns ${query}|${trend}|${rangeKey(range)}`, (signal) => fetchPatterns(query, rangeQuery(range), trend || null, signal));
  if (found.error) return found.error.status === 400 ? <Empty icon="alert" title="This search cannot be read" /> : <Failed error={found.error} onRetry={found.reload} />;
  return (
    <>
      <div className="choices view-choices" role="group" aria-label="Compared with the time before">
        {TRENDS.map(([name, title]) => (
          <button key={name} type="button" className="chip" aria-pressed={trend === name} onClick={() => setParams({ trend: name }, "replace")}>
            {title}
          </button>
        ))}
      </div>
      <div className={found.stale ? "scroll view-body waiting" : "scroll view-body"} tabIndex={0} role="group" aria-label="Patterns" aria-busy={found.stale}>
        {!found.data && <LoadingRows />}
        {found.data && found.data.patterns.length === 0 && (found.data.lines ? <Empty title={`No ${trend} pattern`}>In this range, compared with the time before.</Empty> : <Nothing title="No line matches" query={query}>Nothing was logged in this range.</Nothing>)}
        {found.data && found.data.patterns.length > 0 && (
          <>
            <p className="view-note muted">
              {integer(found.data.lines)} lines are {integer(found.data.found)} {found.data.found === 1 ? "message" : "messages"}
              {found.data.patterns.length < found.data.found && `, ${integer(found.data.patterns.length)} of them here`}
              {found.data.one_in > 1 && `; estimated from one line in ${integer(found.data.one_in)}`}
              {found.data.ungrouped > 0 && `; ${integer(found.data.ungrouped)} lines are too varied to group`}.
            </p>
            <ul>
              {found.data.patterns.map((pattern) => (
                <PatternRow key={pattern.template} pattern={pattern} q={q} />
              ))}
            </ul>
          </>
        )}
      </div>
    </>
  );
}

import { useEffect, useRef, useState } from "react";
import { fetchContext, type Whose } from "../../api/calls";
import type { Line } from "../../api/lines";
import { useQuery } from "../../api/useQuery";
import { levelOf, serviceColor } from "../../charts/palette";
import { clock, toMs } from "../../state/format";
import { setParams, useParams } from "../../state/url";
import { Failed } from "../../ui/States";

/** Lines before and after, and how many more each press brings; the server gives 200 a side. */
const FIRST = 10;
const STEPS: readonly number[] = [FIRST, 50, 200];
/** Characters of a line; the whole is a press away. */
const LONGEST = 400;

const WHOSE: readonly (readonly [Whose, string])[] = [
  ["process", "This process"],
  ["service", "This service"],
  ["everything", "Everything"],
];

function whoseOf(text: string): Whose {
  return WHOSE.find(([name]) => name === text)?.[0] ?? "process";
}

function Row({ line, here, named }: { line: Line; here: boolean; named: boolean }) {
  const level = levelOf(line.level, line.severity);
  return (
    <li>
      <button type="button" className={`around-line level-${level.toLowerCase()}`} aria-current={here} onClick={() => setParams({ record: line.key })}>
        <span className="around-top">
          <time className="mono muted" dateTime={line.timestamp}>
            {clock(toMs(line.timestamp))}
          </time>
          <span className="level">{level}</span>
          {named && (
            <span className="service-name cut">
              <i className="dot" style={{ color: serviceColor(line.service) }} />
              {line.service}
            </span>
          )}
        </span>
        <span className="mono around-body">{line.body.slice(0, LONGEST)}</span>
      </button>
    </li>
  );
}

/** What the same process, or its service, logged just before and after a line. */
export function ContextView({ line }: { line: Line }) {
  const whose = whoseOf(useParams().of ?? "");
  const [lines, setLines] = useState(FIRST);
  const found = useQuery(`context ${line.key}|${whose}|${lines}`, (signal) => fetchContext(line, lines, whose, signal));
  const here = useRef<HTMLOListElement>(null);
  useEffect(() => {
    here.current?.querySelector("[aria-current=true]")?.scrollIntoView({ block: "center" });
  }, [found.data]);
  const more = STEPS.find((each) => each > lines);
  const full = found.data && (found.data.before.length >= lines || found.data.after.length >= lines);
  return (
    <>
      <div className="around-bar">
        <div className="choices" role="group" aria-label="Whose lines">
          {WHOSE.map(([name, title]) => (
            <button key={name} type="button" className="chip" aria-pressed={whose === name} onClick={() => setParams({ of: name === "process" ? null : name }, "replace")}>
              {title}
            </button>
          ))}
        </div>
        {more && full && (
          <button type="button" className="button small" onClick={() => setLines(more)}>
            {more} a side
          </button>
        )}
      </div>
      {found.error && !found.data && <Failed error={found.error} onRetry={found.reload} />}
      {found.loading && <div className="skeleton panel-skeleton" role="status" aria-label="Loading" />}
      {found.data && (
        <ol ref={here} className={found.stale ? "around-lines waiting" : "around-lines"} aria-label="Lines around it">
          {[...found.data.before, found.data.record, ...found.data.after].map((each) => (
            <Row key={each.id} line={each} here={each.key === line.key} named={whose === "everything"} />
          ))}
        </ol>
      )}
    </>
  );
}

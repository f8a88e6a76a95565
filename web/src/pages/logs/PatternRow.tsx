import { useState } from "react";
import type { LogPattern } from "../../api/schema";
import { Bars } from "../../charts/Bars";
import { levelOf } from "../../charts/palette";
import { dateTime, integer, number, share, toMs } from "../../state/format";
import { addTerm } from "../../state/terms";
import { setParams } from "../../state/url";
import { Icon } from "../../ui/Icon";

const MARKS: Partial<Record<LogPattern["trend"], readonly [style: string, text: string]>> = {
  new: ["badge accent", "new"],
  rising: ["badge warn", "rising"],
  falling: ["badge", "falling"],
};

/** The level of most of the lines: its colour is the pattern's. */
function levelOfMost(levels: Record<string, number>): string {
  const [name = ""] = Object.entries(levels).reduce((most, each) => (each[1] > most[1] ? each : most), ["INFO", 0]);
  return levelOf(name).toLowerCase();
}

/** A message with its variables as marks. */
function Template({ text }: { text: string }) {
  return (
    <>
      {text.split("<*>").map((part, index) => (
        <span key={index}>
          {index > 0 && <i className="hole">*</i>}
          {part}
        </span>
      ))}
    </>
  );
}

function commonest(counts: Record<string, number>): string {
  return Object.entries(counts)
    .sort(([, left], [, right]) => right - left)
    .map(([name, count]) => `${name} ${number(count)}`)
    .join(", ");
}

export function PatternRow({ pattern, q }: { pattern: LogPattern; q: string }) {
  const [open, setOpen] = useState(false);
  const mark = MARKS[pattern.trend];
  const level = levelOfMost(pattern.levels);
  return (
    <li className={`pattern level-${level}`}>
      <button type="button" className="pattern-head" aria-expanded={open} onClick={() => setOpen(!open)}>
        <Icon name={open ? "chevron" : "right"} small />
        <span className="pattern-count">
          <b>{number(pattern.count)}</b>
          <span className="muted">{share(pattern.share)}</span>
        </span>
        <Bars counts={pattern.counts} label={`${integer(pattern.count)} lines`} />
        <span className="pattern-trend">{mark && <span className={mark[0]}>{mark[1]}</span>}</span>
        <span className={open ? "mono pattern-text" : "mono pattern-text cut"}>
          <Template text={pattern.template} />
        </span>
      </button>
      {open && (
        <div className="pattern-more">
          <p className="muted">
            {commonest(pattern.levels)} · {commonest(pattern.services)} · {dateTime(toMs(pattern.first_seen))} to {dateTime(toMs(pattern.last_seen))} · {integer(pattern.before)} in the time before
          </p>
          <ul className="pattern-examples mono">
            {pattern.examples.map((example, index) => (
              <li key={index}>{example}</li>
            ))}
          </ul>
          <div className="record-actions">
            <button type="button" className="button small primary" onClick={() => setParams({ q: addTerm(q, pattern.search), view: null, trend: null })}>
              Show its lines
            </button>
            <button type="button" className="button small" onClick={() => setParams({ q: addTerm(q, `-(${pattern.search})`) })}>
              Leave it out
            </button>
          </div>
        </div>
      )}
    </li>
  );
}

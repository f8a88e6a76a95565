import type { Issue } from "../../api/schema";
import { Bars } from "../../charts/Bars";
import { serviceColor } from "../../charts/palette";
import { ago, integer, number, toMs } from "../../state/format";
import { setParams } from "../../state/url";

/** A status that a reader should see at once; an open issue needs no word. */
export const STATUS_BADGES: Partial<Record<Issue["status"], string>> = { regressed: "badge bad", resolved: "badge good", ignored: "badge" };

export function IssueRow({ issue, selected }: { issue: Issue; selected: boolean }) {
  const badge = STATUS_BADGES[issue.status];
  return (
    <li>
      <button type="button" className="issue-row" aria-current={selected} onClick={() => setParams({ record: issue.fingerprint })}>
        <span className="issue-what">
          <span className="issue-title">
            <b className="cut">{issue.type}</b>
            {badge && <span className={badge}>{issue.status}</span>}
            {!issue.handled && <span className="badge warn">unhandled</span>}
          </span>
          <span className="cut issue-message">{issue.message || "(no message)"}</span>
          <span className="issue-where muted">
            <span className="service-name">
              <i className="dot" style={{ color: serviceColor(issue.service) }} />
              {issue.service}
            </span>
            <span className="mono cut">{issue.where}</span>
          </span>
        </span>
        <Bars counts={issue.trend} label={`${integer(issue.count)} times in this range`} />
        <span className="issue-figures">
          <b>{number(issue.count)}×</b>
          <span className="muted">{issue.users ? `${number(issue.users)} ${issue.users === 1 ? "user" : "users"}` : ""}</span>
          <span className="muted">{ago(toMs(issue.last_seen), Date.now())}</span>
        </span>
      </button>
    </li>
  );
}

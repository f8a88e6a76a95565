import { useEffect, useRef } from "react";
import { fetchIssues, type IssueSort, type IssueStatus } from "../../api/calls";
import { usePaged } from "../../api/usePaged";
import { useKeys } from "../../state/keys";
import { addTerm, term } from "../../state/terms";
import { rangeKey, rangeQuery, useRange } from "../../state/time";
import { setParams, useParams } from "../../state/url";
import { Icon } from "../../ui/Icon";
import { Menu } from "../../ui/Menu";
import { Empty, Failed } from "../../ui/States";
import { LoadingRows, Nothing } from "../search/Nothing";
import { ResultFoot } from "../search/ResultFoot";
import { SearchLayout } from "../search/SearchLayout";
import { IssuePanel } from "./IssuePanel";
import { IssueRow } from "./IssueRow";

const SORTS: readonly (readonly [IssueSort, string])[] = [
  ["last_seen", "Last seen"],
  ["first_seen", "First seen"],
  ["count", "How often"],
  ["users", "How many users"],
];
const STATUSES: readonly (readonly [IssueStatus, string])[] = [
  ["all", "All"],
  ["open", "Open"],
  ["regressed", "Regressed"],
  ["resolved", "Resolved"],
  ["ignored", "Ignored"],
];

/** Errors that are alike, as issues: how often, since when, to how many users. */
export function ErrorsPage() {
  const { q = "", service = "", record = "", sort = "", status = "" } = useParams();
  const range = useRange();
  const query = service ? addTerm(q, term("service", service)) : q;
  const order = SORTS.find(([name]) => name === sort)?.[0] ?? "last_seen";
  const kept = STATUSES.find(([name]) => name === status)?.[0] ?? "all";
  const issues = usePaged(`errors ${query}|${order}|${kept}|${rangeKey(range)}`, (cursor, signal) => fetchIssues(query, rangeQuery(range), cursor, order, kept, signal));
  const { items, error, loadMore } = issues;
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = end.current;
    if (!element) return;
    const seen = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && loadMore());
    seen.observe(element);
    return () => seen.disconnect();
  }, [items.length, loadMore]);
  const close = () => setParams({ record: null });
  const step = (by: number) => {
    const next = items[Math.max(0, Math.min(items.length - 1, items.findIndex((one) => one.fingerprint === record) + by))];
    if (next) setParams({ record: next.fingerprint }, record ? "replace" : "push");
  };
  useKeys({ j: () => step(1), k: () => step(-1), ...(record && { Escape: close }) });
  const faulty = error?.status === 400;
  const empty = !error && !issues.loading && !issues.stale && items.length === 0;
  const title = SORTS.find(([name]) => name === order)?.[1] ?? "";
  const choices = (
    <>
      <div className="choices only-wide" role="group" aria-label="Status">
        {STATUSES.map(([name, text]) => (
          <button key={name} type="button" className="chip" aria-pressed={kept === name} onClick={() => setParams({ status: name === "all" ? null : name }, "replace")}>
            {text}
          </button>
        ))}
      </div>
      <Menu label={`Sorted by: ${title}`} className="button small" options={SORTS} value={order} onPick={(picked) => setParams({ sort: picked === "last_seen" ? null : picked }, "replace")} face={<>{title}<Icon name="chevron" small /></>} />
    </>
  );
  return (
    <SearchLayout
      page="errors"
      signal="logs"
      q={q}
      query={addTerm(query, "exception.type:*")}
      error={faulty ? error : null}
      placeholder="Search errors: exception.type:ValueError, service:shop, words …"
      tools={
        <button type="button" className="button square" aria-label="Search again" title="Search again" onClick={issues.reload}>
          <Icon name="refresh" />
        </button>
      }
      views={[]}
      extra={choices}
      panel={record && <IssuePanel key={record} fingerprint={record} onClose={close} />}
    >
      <div className={issues.stale && !issues.loading ? "scroll log-scroll waiting" : "scroll log-scroll"} tabIndex={0} role="group" aria-label="Issues" aria-busy={issues.stale}>
        {error && !faulty && <Failed error={error} onRetry={issues.reload} />}
        {faulty && items.length === 0 && <Empty icon="alert" title="This search cannot be read" />}
        {issues.loading && !error && <LoadingRows />}
        {empty && (
          <Nothing title="No error matches" query={q}>
            No error was recorded in this range.
          </Nothing>
        )}
        <ul>
          {items.map((issue) => (
            <IssueRow key={issue.fingerprint} issue={issue} selected={issue.fingerprint === record} />
          ))}
        </ul>
        <div ref={end} />
      </div>
      <ResultFoot count={items.length} more={issues.more} elapsedMs={0} />
    </SearchLayout>
  );
}

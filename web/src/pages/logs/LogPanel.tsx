import { useEffect, useRef } from "react";
import { fetchLine } from "../../api/calls";
import type { Line } from "../../api/lines";
import { useQuery } from "../../api/useQuery";
import { setParams, useParams } from "../../state/url";
import { Failed, Empty } from "../../ui/States";
import { Icon } from "../../ui/Icon";
import { ContextView } from "./ContextView";
import { RecordDetail } from "./RecordDetail";

interface Props {
  id: string;
  found: Line | null;
  onClose: () => void;
}

const TABS = [
  ["", "Record"],
  ["context", "Around it"],
] as const;

/** The record that is open, beside the list; a link may open one that the list does not hold. */
export function LogPanel({ id, found, onClose }: Props) {
  const { panel = "" } = useParams();
  const fetched = useQuery(found ? null : `record ${id}`, (signal) => fetchLine(id, signal));
  const record = found ?? fetched.data;
  const close = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (window.matchMedia("(max-width: 720px)").matches) close.current?.focus();
  }, []);
  return (
    <aside className="card panel" aria-label="Log record">
      <div className="panel-head">
        <div className="tabs" role="tablist" aria-label="Log record">
          {TABS.map(([name, title]) => (
            <button key={name} type="button" role="tab" aria-selected={panel === name} onClick={() => setParams({ panel: name }, "replace")}>
              {title}
            </button>
          ))}
        </div>
        <span className="spring" />
        <button ref={close} type="button" className="button small quiet square" aria-label="Close (Esc)" title="Close (Esc)" onClick={onClose}>
          <Icon name="close" small />
        </button>
      </div>
      <div className={panel === "context" ? "scroll panel-body around" : "scroll panel-body"} tabIndex={0} role="tabpanel" aria-label={panel === "context" ? "Around it" : "Record"}>
        {record && (panel === "context" ? <ContextView line={record} /> : <RecordDetail record={record} />)}
        {!record && fetched.error && <Failed error={fetched.error} onRetry={fetched.reload} />}
        {!record && fetched.loading && <div className="skeleton panel-skeleton" role="status" aria-label="Loading" />}
        {!record && !fetched.loading && !fetched.error && (
          <Empty icon="search" title="This record is no longer here">
            <p>It may be older than the retention allows, or the link may be cut short.</p>
          </Empty>
        )}
      </div>
    </aside>
  );
}

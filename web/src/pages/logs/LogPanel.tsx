import { useEffect, useRef } from "react";
import { fetchRecord } from "../../api/calls";
import { useQuery } from "../../api/useQuery";
import type { LogRecord } from "../../api/types";
import { Failed, Empty } from "../../ui/States";
import { Icon } from "../../ui/Icon";
import { RecordDetail } from "./RecordDetail";

interface Props {
  id: string;
  found: LogRecord | null;
  onClose: () => void;
}

/** The record that is open, beside the list; a link may open one that the list does not hold. */
export function LogPanel({ id, found, onClose }: Props) {
  const fetched = useQuery(found ? null : `record ${id}`, (signal) => fetchRecord(id, signal));
  const record = found ?? fetched.data;
  const close = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (window.matchMedia("(max-width: 720px)").matches) close.current?.focus();
  }, []);
  return (
    <aside className="card panel" aria-label="Log record">
      <div className="panel-head">
        <h2>Log record</h2>
        <span className="spring" />
        <button ref={close} type="button" className="button small quiet square" aria-label="Close (Esc)" title="Close (Esc)" onClick={onClose}>
          <Icon name="close" small />
        </button>
      </div>
      <div className="scroll panel-body" tabIndex={0} role="group" aria-label="Fields">
        {record && <RecordDetail record={record} />}
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

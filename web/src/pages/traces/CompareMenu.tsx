import { useState } from "react";
import { fetchTraces } from "../../api/calls";
import { useQuery } from "../../api/useQuery";
import type { SpanRecord } from "../../api/schema";
import { dateTime, duration, toMs } from "../../state/format";
import { term } from "../../state/terms";
import { setParams } from "../../state/url";
import { Icon } from "../../ui/Icon";
import { Popover } from "../../ui/Popover";

/** Traces that are offered, and how far around this one they are looked for. */
const OFFERED = 12;
const AROUND_MS = 3_600_000;
const ID = /^[0-9a-fA-F]{32}$/;

interface Props {
  id: string;
  root: SpanRecord | undefined;
  /** When the trace began, in milliseconds. */
  at: number;
}

/** Choose another trace to stand beside this one: others with the same root, or any by its id. */
export function CompareMenu(props: Props) {
  return (
    <Popover
      label="Compare with another trace"
      className="button small"
      face={
        <>
          <Icon name="compare" small />
          <span className="only-wide">Compare with…</span>
        </>
      }
    >
      {(close) => <Choice {...props} close={close} />}
    </Popover>
  );
}

function Choice({ id, root, at, close }: Props & { close: () => void }) {
  const [typed, setTyped] = useState("");
  const range = { start: new Date(at - AROUND_MS).toISOString(), end: new Date(at + AROUND_MS).toISOString() };
  const query = root ? `${term("name", root.name)} ${term("service", root.service)}` : "";
  const found = useQuery(root ? `like ${id}` : null, (signal) => fetchTraces(query, range, null, signal, OFFERED + 1));
  const others = (found.data?.items ?? []).filter((trace) => trace.trace_id !== id).sort((left, right) => left.duration_ms - right.duration_ms);
  const pick = (other: string) => {
    close();
    setParams({ with: other.toLowerCase() });
  };
  return (
    <div className="compare-menu">
      <form
        className="compare-id"
        onSubmit={(event) => {
          event.preventDefault();
          if (ID.test(typed.trim())) pick(typed.trim());
        }}
      >
        <input className="field mono" aria-label="Id of the other trace" placeholder="Id of the other trace" autoFocus value={typed} onChange={(event) => setTyped(event.target.value)} />
        <button type="submit" className="button" disabled={!ID.test(typed.trim())}>
          Compare
        </button>
      </form>
      {root && <div className="menu-title cut">Others of {root.name}</div>}
      {found.data && others.length === 0 && <p className="menu-note">None within an hour of this one.</p>}
      <div className="scroll compare-others">
        {others.map((trace) => (
          <button key={trace.trace_id} type="button" className="menu-item" onClick={() => pick(trace.trace_id)}>
            <b>{duration(trace.duration_ms)}</b>
            <span className="muted">{dateTime(toMs(trace.start))}</span>
            <span className="spring" />
            {trace.error_count > 0 && <span className="badge bad">failed</span>}
          </button>
        ))}
      </div>
    </div>
  );
}

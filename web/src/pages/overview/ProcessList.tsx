import { useEffect, useState } from "react";
import type { Process } from "../../api/schema";
import { serviceColor } from "../../charts/palette";
import { ago, toMs } from "../../state/format";

/** The time now, a second at a time. */
function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), 1000);
    return () => window.clearInterval(timer);
  }, []);
  return now;
}

export function ProcessList({ processes, service }: { processes: Process[] | null; service: string }) {
  const now = useNow();
  const shown = (processes ?? []).filter((process) => !service || process.service === service);
  return (
    <section className="card" aria-labelledby="processes-title">
      <div className="card-head">
        <h2 id="processes-title">Processes</h2>
        <span className="muted">{shown.length || ""}</span>
      </div>
      {shown.length === 0 && <p className="side-note">{processes ? "No process has recorded anything yet." : "…"}</p>}
      <ul className="processes scroll" tabIndex={0} aria-label="Processes">
        {shown.map((process) => (
          <li key={process.instance}>
            <span className="service-name">
              <i className="dot" style={{ color: serviceColor(process.service) }} />
              <b className="cut">{process.service}</b>
            </span>
            <span className="muted mono cut">
              {process.host} · {process.pid}
            </span>
            <span className="spring" />
            <span className="muted">{ago(toMs(process.last_seen), now)}</span>
            <span className={process.alive ? "badge good" : "badge"}>{process.alive ? "alive" : "gone"}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

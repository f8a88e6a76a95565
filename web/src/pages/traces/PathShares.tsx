import type { CriticalPath } from "../../api/schema";
import { serviceColor } from "../../charts/palette";
import { duration, share } from "../../state/format";
import { setParams } from "../../state/url";

/** Spans of a trace that the server looks at for its path. */
const LOOKED_AT = 10_000;
const MOST = 200;

/** What the end of the trace waited for, by span name: where making something faster helps. */
export function PathShares({ path, spans }: { path: CriticalPath; spans: number }) {
  const first = new Map(path.steps.map((step) => [`${step.service}\n${step.name}`, step.span_id] as const).reverse());
  return (
    <>
      <p className="view-note muted">
        The chain of spans that the end of the trace waited for, marked below the bars: making one of these faster makes the trace faster.
        {spans > LOOKED_AT && ` Found among its first ${LOOKED_AT.toLocaleString("en-US")} spans.`}
      </p>
      <ol className="path-shares">
        {path.shares.slice(0, MOST).map((each) => (
          <li key={`${each.service}\n${each.name}`}>
            <button type="button" className="path-share" onClick={() => setParams({ span: first.get(`${each.service}\n${each.name}`), panel: "path" }, "replace")}>
              <span className="path-share-top">
                <b className="cut" title={each.name}>
                  {each.name}
                </b>
                <span>{duration(each.duration_ms)}</span>
                <b>{share(each.share)}</b>
              </span>
              <i className="compare-track">
                <i className="compare-bar" style={{ inlineSize: `${each.share * 100}%`, background: serviceColor(each.service) }} />
              </i>
              <span className="muted cut">{each.service}</span>
            </button>
          </li>
        ))}
      </ol>
    </>
  );
}

import { duration, integer } from "../../state/format";

/** How much of a list is here, and how long it took. */
export function ResultFoot({ count, more, elapsedMs }: { count: number; more: boolean; elapsedMs: number }) {
  return (
    <div className="log-foot muted">
      {count > 0 && (
        <>
          {integer(count)} loaded{more ? ", more as you scroll" : ", that is all"}
          <span className="spring" />
          {elapsedMs > 0 && `found in ${duration(elapsedMs)}`}
        </>
      )}
    </div>
  );
}

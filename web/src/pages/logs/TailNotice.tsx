import { integer } from "../../state/format";
import { Icon } from "../../ui/Icon";
import type { Tail } from "./useTail";

interface Props {
  tail: Tail;
  away: boolean;
  onNewest: () => void;
  onReload: () => void;
}

/** What the reader of a live list should know: lines waiting above, lines left out, a lost connection. */
export function TailNotice({ tail, away, onNewest, onReload }: Props) {
  if (tail.state === "off") return null;
  return (
    <div className="tail-notices" aria-live="polite">
      {away && (
        <button type="button" className="tail-pill" onClick={onNewest}>
          <Icon name="up" small />
          {tail.waiting ? `${integer(tail.waiting)} new` : "Paused, to the newest"}
        </button>
      )}
      {tail.state === "lost" && <span className="tail-pill bad">Connection lost, trying again …</span>}
      {tail.dropped > 0 && (
        <button type="button" className="tail-pill warn" onClick={onReload}>
          <Icon name="alert" small />
          {integer(tail.dropped)} left out, lines came too fast. Search again
        </button>
      )}
    </div>
  );
}

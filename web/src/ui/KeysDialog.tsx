import { useEffect, useRef } from "react";
import { Icon } from "./Icon";

const KEYS: readonly (readonly [keys: string[], meaning: string])[] = [
  [["/"], "Go to the search box"],
  [["↓", "Tab"], "In the search box: choose and take a suggestion"],
  [["j", "k"], "Next and previous row"],
  [["Enter"], "Open the row"],
  [["Esc"], "Close what is open"],
  [["←", "→"], "Fold and unfold a span"],
  [["0"], "Show the whole trace again"],
  [["l"], "Live tail on and off"],
  [["1", "…", "5"], "Overview, logs, traces, errors, events"],
  [["?"], "This list"],
];

export function KeysDialog({ onClose }: { onClose: () => void }) {
  const close = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    close.current?.focus();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <div className="dialog-back" onPointerDown={(event) => event.target === event.currentTarget && onClose()}>
      <div
        className="dialog scroll"
        role="dialog"
        aria-modal="true"
        aria-labelledby="keys-title"
        onKeyDown={(event) => {
          if (event.key === "Tab") event.preventDefault();
        }}
      >
        <div className="dialog-head">
          <h2 id="keys-title">Keyboard</h2>
          <button ref={close} type="button" className="button quiet square" aria-label="Close" onClick={onClose}>
            <Icon name="close" />
          </button>
        </div>
        <dl className="key-list">
          {KEYS.map(([keys, meaning]) => (
            <div key={meaning} className="key-row">
              <dt>
                {keys.map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{meaning}</dd>
            </div>
          ))}
        </dl>
      </div>
    </div>
  );
}

import type { ReactNode } from "react";
import { Icon } from "./Icon";
import { Popover } from "./Popover";

interface Props {
  label: string;
  face: ReactNode;
  className?: string;
  options: readonly (readonly [value: string, text: string])[];
  value: string;
  onPick: (value: string) => void;
}

/** One of several, in a small sheet. Arrow keys move along. */
export function Menu({ label, face, className, options, value, onPick }: Props) {
  const move = (event: React.KeyboardEvent<HTMLDivElement>) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (!step) return;
    event.preventDefault();
    const items = [...event.currentTarget.querySelectorAll("button")];
    const at = items.indexOf(document.activeElement as HTMLButtonElement);
    items[(at + step + items.length) % items.length]?.focus();
  };
  return (
    <Popover label={label} face={face} className={className}>
      {(close) => (
        <div role="radiogroup" aria-label={label} onKeyDown={move}>
          {options.map(([key, text]) => (
            <button
              key={key}
              type="button"
              role="radio"
              aria-checked={key === value}
              autoFocus={key === value}
              className="menu-item"
              onClick={() => {
                onPick(key);
                close();
              }}
            >
              <span className="cut">{text}</span>
              <span className="spring" />
              {key === value && <Icon name="check" small />}
            </button>
          ))}
        </div>
      )}
    </Popover>
  );
}

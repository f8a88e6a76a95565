import type { Suggestion } from "../api/schema";
import { number } from "../state/format";

interface Props {
  id: string;
  suggestions: Suggestion[];
  active: number;
  onTake: (index: number) => void;
}

/** What may be written next, under the search box. The box keeps the focus. */
export function Completions({ id, suggestions, active, onTake }: Props) {
  return (
    <div className="popover left completions">
      <ul id={id} role="listbox" aria-label="Suggestions" className="scroll">
        {suggestions.map((each, index) => (
          <li
            key={each.text}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === active}
            className="menu-item"
            ref={(element) => {
              if (index === active) element?.scrollIntoView({ block: "nearest" });
            }}
            onPointerDown={(event) => {
              event.preventDefault();
              onTake(index);
            }}
          >
            <span className="cut mono" title={each.text}>
              {each.text}
            </span>
            <span className="spring" />
            <span className="muted">{each.kind === "value" ? number(each.count) : "field"}</span>
          </li>
        ))}
      </ul>
      <p className="completions-keys only-wide" aria-hidden="true">
        <kbd>↑</kbd> <kbd>↓</kbd> choose <kbd>Tab</kbd> take <kbd>Enter</kbd> search <kbd>Esc</kbd> close
      </p>
    </div>
  );
}

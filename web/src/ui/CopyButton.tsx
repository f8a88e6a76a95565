import { useState } from "react";
import { Icon, type IconName } from "./Icon";

/** Copies `text` and says so for a moment. */
export function CopyButton({ text, label, icon = "copy", face }: { text: string | (() => string); label: string; icon?: IconName; face?: string }) {
  const [done, setDone] = useState(false);
  const copy = () => {
    void navigator.clipboard.writeText(typeof text === "string" ? text : text()).then(() => {
      setDone(true);
      window.setTimeout(() => setDone(false), 1400);
    });
  };
  return (
    <button type="button" className={face ? "button small" : "button small quiet square"} aria-label={done ? "Copied" : label} title={label} onClick={copy}>
      <Icon name={done ? "check" : icon} small />
      {face && <span>{done ? "Copied" : face}</span>}
    </button>
  );
}

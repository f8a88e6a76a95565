import { useEffect, useRef, useState, type ReactNode } from "react";

interface Props {
  label: string;
  face: ReactNode;
  className?: string;
  side?: "left" | "right";
  children: (close: () => void) => ReactNode;
}

/** A button that opens a small sheet under itself; closed by Escape, by a press elsewhere, or by its content. */
export function Popover({ label, face, className = "button", side = "right", children }: Props) {
  const [open, setOpen] = useState(false);
  const host = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    if (!open) return;
    const outside = (event: PointerEvent) => {
      if (event.target instanceof Node && !host.current?.contains(event.target)) setOpen(false);
    };
    const escape = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      setOpen(false);
      button.current?.focus();
    };
    document.addEventListener("pointerdown", outside);
    document.addEventListener("keydown", escape, true);
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("keydown", escape, true);
    };
  }, [open]);

  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  return (
    <div className="popover-host" ref={host}>
      <button ref={button} type="button" className={className} aria-label={label} aria-haspopup="dialog" aria-expanded={open} title={label} onClick={() => setOpen(!open)}>
        {face}
      </button>
      {open && (
        <div className={`popover ${side}`} role="dialog" aria-label={label}>
          {children(close)}
        </div>
      )}
    </div>
  );
}

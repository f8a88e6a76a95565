import { useEffect, useLayoutEffect, useRef } from "react";

export type KeyMap = Record<string, (event: KeyboardEvent) => void>;

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** Page-wide keys. They are silent while somebody types, but for Escape, and never shadow the browser's own shortcuts. */
export function useKeys(map: KeyMap, enabled = true): void {
  const current = useRef(map);
  // Before the next key can be pressed: what is on the screen is what keys act on.
  useLayoutEffect(() => {
    current.current = map;
  });
  useEffect(() => {
    if (!enabled) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (typing(event.target) && event.key !== "Escape") return;
      const activates = event.target instanceof HTMLElement && event.target.closest("button, a, summary") !== null;
      if (event.key === "Enter" && activates) return;
      current.current[event.key]?.(event);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [enabled]);
}

/** Put the cursor into the page's search box. */
export function focusSearch(event: KeyboardEvent): void {
  const box = document.querySelector<HTMLInputElement>("[data-search]");
  if (!box) return;
  event.preventDefault();
  box.focus();
  box.select();
}

/** Arrows move along a list that has the focus; anywhere else they scroll, as always. */
export function inList(event: KeyboardEvent, move: () => void): void {
  if (!(event.target instanceof HTMLElement) || !/^(listbox|tree)$/.test(event.target.role ?? "")) return;
  event.preventDefault();
  move();
}

import { useEffect, useState, type RefObject } from "react";

/** Rows drawn above and below what is seen, so that a quick scroll shows no gaps. */
const OVERSCAN = 12;

export interface Windowed {
  first: number;
  last: number;
  before: number;
  after: number;
}

/** Which rows of a long list are in view: only those are drawn. Rows are all `rowHeight` pixels high. */
export function useWindowed(scroller: RefObject<HTMLElement | null>, count: number, rowHeight: number): Windowed {
  const [view, setView] = useState({ top: 0, height: 900 });
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const read = () => setView({ top: element.scrollTop, height: element.clientHeight });
    read();
    element.addEventListener("scroll", read, { passive: true });
    const resized = new ResizeObserver(read);
    resized.observe(element);
    return () => {
      element.removeEventListener("scroll", read);
      resized.disconnect();
    };
  }, [scroller]);
  const first = Math.max(0, Math.min(count, Math.floor(view.top / rowHeight) - OVERSCAN));
  const last = Math.min(count, Math.ceil((view.top + view.height) / rowHeight) + OVERSCAN);
  return { first, last, before: first * rowHeight, after: Math.max(0, count - last) * rowHeight };
}

/** Scroll just enough that a row is in view. */
export function reveal(element: HTMLElement | null, index: number, rowHeight: number): void {
  if (!element || index < 0) return;
  const top = index * rowHeight;
  if (top < element.scrollTop) element.scrollTop = top - rowHeight;
  else if (top + rowHeight > element.scrollTop + element.clientHeight) element.scrollTop = top + 2 * rowHeight - element.clientHeight;
}

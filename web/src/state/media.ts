import { useSyncExternalStore } from "react";

/** Whether a media query holds, following changes. */
export function useMedia(query: string): boolean {
  const list = window.matchMedia(query);
  return useSyncExternalStore(
    (listener) => {
      list.addEventListener("change", listener);
      return () => list.removeEventListener("change", listener);
    },
    () => list.matches,
  );
}

export function usePhone(): boolean {
  return useMedia("(max-width: 720px)");
}

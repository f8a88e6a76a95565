import { useSyncExternalStore } from "react";

export type Theme = "system" | "light" | "dark";

const KEY = "sightline.theme";
const listeners = new Set<() => void>();
const systemDark = window.matchMedia("(prefers-color-scheme: dark)");

function stored(): Theme {
  const chosen = document.documentElement.dataset.theme;
  return chosen === "light" || chosen === "dark" ? chosen : "system";
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  systemDark.addEventListener("change", listener);
  return () => {
    listeners.delete(listener);
    systemDark.removeEventListener("change", listener);
  };
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, stored);
}

/** Whether the page is dark at the moment; charts are painted anew when it changes. */
export function useDark(): boolean {
  return useSyncExternalStore(subscribe, () => (stored() === "system" ? systemDark.matches : stored() === "dark"));
}

export function setTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    if (theme === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // Storage may be blocked: the choice then lasts as long as the page.
  }
  listeners.forEach((listener) => listener());
}

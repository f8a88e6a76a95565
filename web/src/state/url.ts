import { useSyncExternalStore } from "react";

/** The whole view lives in the address, so that a link or the back button brings it back. */
export type Params = Readonly<Record<string, string>>;
export type Patch = Record<string, string | null | undefined>;

/** Kept when moving between pages. */
const SHARED = ["range", "from", "to", "service", "refresh"];

const listeners = new Set<() => void>();
const announce = () => listeners.forEach((listener) => listener());
window.addEventListener("popstate", announce);

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function readParams(): Params {
  return Object.fromEntries(new URLSearchParams(window.location.search));
}

export function usePath(): string {
  return useSyncExternalStore(subscribe, () => window.location.pathname);
}

export function useParams(): Params {
  const search = useSyncExternalStore(subscribe, () => window.location.search);
  return Object.fromEntries(new URLSearchParams(search));
}

function address(path: string, params: Params, patch: Patch): string {
  const next = new URLSearchParams(params);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null || value === undefined || value === "") next.delete(key);
    else next.set(key, value);
  }
  const search = next.toString();
  return search ? `${path}?${search}` : path;
}

/** The address of another page, with the time range and service that are set now. */
export function linkTo(path: string, patch: Patch = {}): string {
  const shared = Object.entries(readParams()).filter(([key]) => SHARED.includes(key));
  return address(path, Object.fromEntries(shared), patch);
}

export function navigate(href: string): void {
  window.history.pushState(null, "", href);
  announce();
}

/** Change parameters of this page. `replace` is for changes that the back button should not step through. */
export function setParams(patch: Patch, how: "push" | "replace" = "push"): void {
  const href = address(window.location.pathname, readParams(), patch);
  if (href === window.location.pathname + window.location.search) return;
  if (how === "push") window.history.pushState(null, "", href);
  else window.history.replaceState(null, "", href);
  announce();
}

const LIMIT = 8;

function key(page: string): string {
  return `sightline.recent.${page}`;
}

/** The newest searches of a page, newest first. */
export function recentSearches(page: string): string[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(key(page)) ?? "[]");
    return Array.isArray(found) ? found.filter((item): item is string => typeof item === "string") : [];
  } catch {
    return [];
  }
}

export function rememberSearch(page: string, query: string): void {
  const text = query.trim();
  if (!text) return;
  const list = [text, ...recentSearches(page).filter((item) => item !== text)].slice(0, LIMIT);
  try {
    localStorage.setItem(key(page), JSON.stringify(list));
  } catch {
    // Storage may be blocked: recent searches are a comfort, not a need.
  }
}

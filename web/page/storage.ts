/** @file The few choices a visitor made, on their own machine. Storage may be forbidden; then a choice lasts as long as the page. */

export function recall(key: string): string | undefined {
  try {
    return localStorage.getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

export function remember(key: string, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Forbidden storage is the visitor's own choice.
  }
}

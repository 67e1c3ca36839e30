// Choices that belong to this browser, not to the address: the theme, the shortcuts.
// A browser that forbids storage forgets them, and nothing else happens.

export function recall(name, fallback) {
  try {
    return localStorage.getItem(`monlight.${name}`) ?? fallback;
  } catch {
    return fallback;
  }
}

export function keep(name, value) {
  try {
    localStorage.setItem(`monlight.${name}`, value);
  } catch {
    // private window or full storage
  }
}

// Which source map answers for a frame, by the relay's rule: the map of the report's own release, else the newest
// one of the same path.  Pure.

// A file's address without origin, query and fragment, as the relay compares it.
export const pathOf = (url) =>
  url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, "").replace(/[?#].*$/s, "") || "/";

/*
 * `maps` as the API lists them, each with `newest`: whether it also answers for releases that have no map of
 * their own.  Newest upload first.
 */
export function ranked(maps) {
  const newest = new Map();
  const place = ({ project, file_url: url }) => JSON.stringify([project, pathOf(url)]);
  for (const map of maps) if ((newest.get(place(map))?.id ?? 0) < map.id) newest.set(place(map), map);
  return maps.map((map) => ({ ...map, newest: newest.get(place(map)) === map })).sort((a, b) => b.id - a.id);
}

// Places on the page are hashes, so that each can be shared: "#/trace/ID?step=3".

/** @typedef {{ name: string, rest: string, query: URLSearchParams }} Route */

/**
 * The place that a hash names; the first page where it names none.
 * @param {string} hash
 * @returns {Route}
 */
export function parseRoute(hash) {
  const [path, query] = hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  const [name, rest] = (path || "").split(/\/(.*)/s);
  return { name: name || "", rest: decoded(rest || ""), query: new URLSearchParams(query || "") };
}

/**
 * @param {string} text
 */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * The link to a place.
 * @param {string} path
 * @param {{ [name: string]: string | number | null | undefined }} [query]
 */
export function placeOf(path, query = {}) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") search.set(name, String(value));
  }
  const said = search.toString();
  return `#/${path}${said ? `?${said}` : ""}`;
}

/**
 * The link to a trace.
 * @param {string} id
 * @param {{ [name: string]: string | number | null | undefined }} [query]
 */
export function traceOf(id, query = {}) {
  return placeOf(`trace/${encodeURIComponent(id)}`, query);
}

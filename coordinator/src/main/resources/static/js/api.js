// The REST interface: ETags, problems as errors, and the server's clock.

const BASE = '/api/v1';
const REMEMBERED = 200;

/** An answer that is not the one asked for: a problem of the server, or no answer at all. */
export class ApiError extends Error {
  constructor(status, slug, title, detail, problem) {
    super(detail || title);
    this.status = status;
    this.slug = slug;
    this.title = title;
    this.detail = detail;
    this.problem = problem;
  }
}

const remembered = new Map();
let clockOffsetMillis = 0;

/** The server's time now, as well as it is known. */
export function serverNow() {
  return Date.now() + clockOffsetMillis;
}

export function noteServerTime(serverMillis) {
  clockOffsetMillis = serverMillis - Date.now();
}

/** Drops every answer. */
export function forget() {
  remembered.clear();
}

/** A path with its query; parameters that are null, undefined or empty are left out. */
export function path(base, parameters = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== '') {
      query.set(name, value);
    }
  }
  const text = query.toString();
  return text ? `${base}?${text}` : base;
}

/** Asks; the very same object comes back while the server says that nothing changed. */
export async function get(url, signal) {
  const known = remembered.get(url);
  const headers = { Accept: 'application/json' };
  if (known) {
    headers['If-None-Match'] = known.etag;
  }
  const response = await request(url, { headers, signal, cache: 'no-store' });
  if (response.status === 304 && known) {
    return known.body;
  }
  if (!response.ok) {
    throw await problemOf(response);
  }
  const body = await response.json();
  const etag = response.headers.get('ETag');
  remembered.delete(url);
  if (etag) {
    remembered.set(url, { etag, body });
    if (remembered.size > REMEMBERED) {
      remembered.delete(remembered.keys().next().value);
    }
  }
  return body;
}

/** All pages of a list, up to a bound; `truncated` when there was more. */
export async function getAll(base, parameters, signal, atMost = 5000) {
  const items = [];
  const unavailableHosts = [];
  let cursor = null;
  do {
    const page = await get(path(base, { ...parameters, limit: 1000, cursor }), signal);
    items.push(...page.items);
    unavailableHosts.push(...(page.unavailableHosts ?? []));
    cursor = page.nextCursor;
  } while (cursor && items.length < atMost);
  return { items, unavailableHosts, truncated: Boolean(cursor) };
}

/** Changes something. A repeated POST with the same key is carried out once. */
export async function send(method, url, body, idempotencyKey) {
  const headers = { Accept: 'application/json' };
  if (body !== undefined) {
    headers['Content-Type'] = 'application/json';
  }
  if (idempotencyKey) {
    headers['Idempotency-Key'] = idempotencyKey;
  }
  const response = await request(url, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!response.ok) {
    throw await problemOf(response);
  }
  const text = await response.text();
  return text ? JSON.parse(text) : null;
}

export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function request(url, options) {
  try {
    return await fetch(BASE + url, { credentials: 'same-origin', ...options });
  } catch (e) {
    if (e.name === 'AbortError') {
      throw e;
    }
    throw new ApiError(0, 'unreachable', 'The coordinator does not answer', '', null);
  }
}

async function problemOf(response) {
  let problem = null;
  try {
    problem = await response.json();
  } catch (e) {
    // Not every proxy answers in problem+json; the status says enough.
  }
  if (response.status === 401) {
    document.dispatchEvent(new CustomEvent('unauthenticated'));
  }
  const slug = problem?.type?.split('/').pop() ?? `http-${response.status}`;
  const title = problem?.title ?? `HTTP ${response.status}`;
  return new ApiError(response.status, slug, title, problem?.detail ?? '', problem);
}

// Deep links: #/view/argument?name=value.

/** The place that the address bar names. */
export function place() {
  const hash = location.hash.replace(/^#\/?/, '');
  const cut = hash.indexOf('?');
  const parts = (cut < 0 ? hash : hash.slice(0, cut)).split('/').filter(Boolean);
  return {
    view: parts[0] ?? 'overview',
    args: parts.slice(1).map(decode),
    query: new URLSearchParams(cut < 0 ? '' : hash.slice(cut + 1)),
  };
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch (e) {
    return part;
  }
}

export function link(view, args = [], query = {}) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') {
      parameters.set(name, value);
    }
  }
  const tail = parameters.toString();
  const steps = [view, ...args.map(encodeURIComponent)].join('/');
  return `#/${steps}${tail ? `?${tail}` : ''}`;
}

export function go(view, args, query) {
  location.hash = link(view, args, query);
}

/** Changes the address without a step in the history, for what moves all the time. */
export function replace(view, args, query) {
  history.replaceState(null, '', link(view, args, query));
}

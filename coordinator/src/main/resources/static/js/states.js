// What a view shows when it has nothing to show, and why.

import { since } from './format.js';
import { icon } from './icons.js';
import { h } from './vdom.js';

const WORDS = {
  unreachable: ['The coordinator does not answer', 'The connection failed. It is tried again by itself.'],
  recovering: ['The coordinator is rebuilding its state', 'What is not known yet is not shown as empty.'],
  overloaded: ['The coordinator is overloaded', 'It refuses questions at the moment; the next one follows shortly.'],
  unauthenticated: ['Sign in to see this', 'This installation asks for a token.'],
  forbidden: ['Your role does not permit this', 'Ask whoever runs this installation for a token with a higher role.'],
};

/** An empty place with its reason. */
export function empty(title, why, sign = 'none') {
  return h(
    'div',
    { class: 'state', role: 'status' },
    h('span', { class: 'state-icon' }, icon(sign)),
    h('p', { class: 'state-title' }, title),
    h('p', { class: 'state-why' }, why),
  );
}

export function loading(what) {
  return h(
    'div',
    { class: 'state', role: 'status' },
    h('span', { class: 'spinner', 'aria-hidden': 'true' }),
    h('p', { class: 'state-why' }, `Asking for ${what} …`),
  );
}

/** A failure instead of an answer. */
export function failure(error, onSignIn) {
  const slug = error.status === 401 ? 'unauthenticated' : error.status === 403 ? 'forbidden' : error.slug;
  const [title, why] = WORDS[slug] ?? [error.title ?? 'Something went wrong', ''];
  const sign = slug === 'recovering' ? 'clock' : slug === 'unauthenticated' ? 'lock' : 'warn';
  return h(
    'div',
    { class: `state state-${slug}`, role: slug === 'recovering' ? 'status' : 'alert' },
    h('span', { class: 'state-icon' }, icon(sign)),
    h('p', { class: 'state-title' }, title),
    h('p', { class: 'state-why' }, [error.detail, why].filter(Boolean).join(' ')),
    slug === 'unauthenticated' &&
      onSignIn &&
      h('button', { class: 'button primary', onclick: onSignIn }, 'Sign in'),
  );
}

/** Above data that is not of this moment any more. */
export function stale(error, at) {
  return h(
    'div',
    { class: 'notice warn', role: 'status', key: 'stale' },
    icon('warn'),
    h('span', {}, h('strong', {}, error.title || 'No answer'), error.detail ? `: ${error.detail}` : '', '. What you see was answered ', since(at), '.'),
  );
}

/** Which hosts are missing in an answer, since when and why. */
export function unavailable(hosts, what, one = 'host') {
  if (!hosts || hosts.length === 0) {
    return null;
  }
  return h(
    'div',
    { class: 'notice warn', role: 'status', key: 'unavailable' },
    icon('warn'),
    h(
      'div',
      {},
      h('strong', {}, `${what} of ${hosts.length === 1 ? `one ${one}` : `${hosts.length} ${one}s`} are missing here.`),
      h(
        'ul',
        {},
        hosts.map((host) =>
          h('li', {}, h('code', {}, host.id), ` ${host.state}, since `, since(host.since), `: ${host.reason}`),
        ),
      ),
    ),
  );
}

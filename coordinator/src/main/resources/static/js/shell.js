// What surrounds every view: navigation, the coordinator's state, the session, theme and shortcuts.

import { dialog, toast } from './dialog.js';
import { duration } from './format.js';
import { icon, logo } from './icons.js';
import { isDark } from './marks.js';
import { link } from './router.js';
import { current, signIn, signOut } from './session.js';
import { h } from './vdom.js';

export const NAVIGATION = [
  { view: 'overview', label: 'Overview', key: 'o' },
  { view: 'map', label: 'Address spaces', key: 'm' },
  { view: 'fences', label: 'Fences', key: 'f' },
  { view: 'waits', label: 'Wait times', key: 'w' },
  { view: 'graph', label: 'Wait-for graph', key: 'g' },
  { view: 'holds', label: 'Pins and faults', key: 'h' },
  { view: 'programs', label: 'Programs', key: 'p' },
  { view: 'events', label: 'Events', key: 'e' },
];

const SHORTCUTS = [
  [NAVIGATION.map((entry) => entry.key), 'Overview, address spaces, fences, wait times, graph, pins and faults, programs, events'],
  [['↑', '↓', 'Home', 'End', 'Enter'], 'Move in a table, open the row'],
  [['+', '−', '←', '→', '0'], 'On the map: zoom, move, show everything'],
  [['[', ']'], 'On the map: the mapping before, the next one'],
  [['/'], 'Search or filter'],
  [['t'], 'Dark, light'],
  [['Esc'], 'Close'],
  [['?'], 'This list'],
];

export function shell(state, place) {
  return [
    h(
      'header',
      { class: 'side' },
      h('a', { class: 'brand', href: '#/overview', 'aria-label': 'Fenceline, overview' }, logo(), h('span', {}, 'Fenceline')),
      h(
        'nav',
        { 'aria-label': 'Views' },
        NAVIGATION.map((entry) => navEntry(entry, state, place)),
      ),
    ),
    h(
      'div',
      { class: 'top' },
      coordinatorState(state),
      h('span', { class: 'grow' }),
      who(),
      h('button', { class: 'icon-button', 'aria-label': 'Switch between dark and light', title: 'Dark or light (t)', onclick: toggleTheme }, icon('theme')),
      h('button', { class: 'icon-button', 'aria-label': 'Keyboard shortcuts', title: 'Shortcuts (?)', onclick: help }, icon('help')),
    ),
  ];
}

function navEntry(entry, state, place) {
  const here = place.view === entry.view;
  const marks = entry.view === 'fences' ? state.pendingFences : 0;
  return h(
    'a',
    { class: 'nav', href: link(entry.view), 'aria-current': here ? 'page' : undefined, title: `${entry.label} (${entry.key})` },
    icon(entry.view),
    h('span', {}, entry.label),
    marks > 0 && h('span', { class: 'nav-count num', title: `${marks} pending` }, String(marks)),
  );
}

function coordinatorState({ status, statusError }) {
  if (statusError) {
    const words = statusError.status === 401 ? 'Not signed in' : 'No connection';
    return h('span', { class: 'live bad', role: 'status' }, h('span', { class: 'dot' }), words);
  }
  if (!status) {
    return h('span', { class: 'live idle', role: 'status' }, h('span', { class: 'dot' }), 'Connecting');
  }
  if (status.state === 'recovering') {
    return h('span', { class: 'live warn', role: 'status' }, h('span', { class: 'dot' }), 'Recovering');
  }
  return h(
    'span',
    { class: 'live ok', role: 'status', title: `boot ${status.bootToken}, up ${duration(status.uptimeMillis)}` },
    h('span', { class: 'dot' }),
    'Live',
    h('span', { class: 'muted wide-only' }, ` up ${duration(status.uptimeMillis)}`),
  );
}

function who() {
  const session = current();
  if (!session.known) {
    return null;
  }
  if (!session.signedIn) {
    return h('button', { class: 'button small primary', onclick: login }, 'Sign in');
  }
  const words = session.secured ? session.role : 'no access control';
  return h(
    'span',
    { class: 'who' },
    icon('user'),
    h('span', { class: 'role', title: session.name || undefined }, words),
    session.secured && h('button', { class: 'button small quiet', onclick: logout }, 'Sign out'),
  );
}

async function logout() {
  try {
    await signOut();
    toast('Signed out');
  } catch (e) {
    toast(e.title ?? 'Signing out failed');
  }
}

/** Asks for a token and begins a session. */
export function login() {
  let error = null;
  let busy = false;
  let token = '';
  dialog('Sign in', (close, draw) => {
    const submit = async (event) => {
      event.preventDefault();
      [busy, error] = [true, null];
      draw();
      try {
        await signIn(token.trim());
        close();
      } catch (e) {
        [busy, error] = [false, e];
        draw();
      }
    };
    return h(
      'form',
      { class: 'form', onsubmit: submit },
      h('p', {}, 'Paste the token that you were given. It stays in a cookie that no script can read, until you sign out.'),
      h(
        'div',
        { class: 'field' },
        h('label', { for: 'token' }, 'Token'),
        h('input', { id: 'token', type: 'password', autocomplete: 'current-password', autofocus: true, oninput: (event) => (token = event.target.value) }),
      ),
      error && h('p', { class: 'form-error', role: 'alert' }, error.status === 401 ? 'This token is not known here.' : `${error.title}. ${error.detail}`),
      h('div', { class: 'form-buttons' }, h('button', { type: 'submit', class: 'button primary', disabled: busy }, 'Sign in')),
    );
  });
}

export function toggleTheme() {
  const next = isDark() ? 'light' : 'dark';
  document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem('fenceline.theme', next);
  } catch (e) {
    // It holds for this visit then.
  }
  document.dispatchEvent(new CustomEvent('themechange'));
}

export function help() {
  dialog('Keyboard', () =>
    h(
      'dl',
      { class: 'shortcuts' },
      SHORTCUTS.map(([keys, what]) => [h('dt', {}, keys.map((key) => h('kbd', {}, key))), h('dd', {}, what)]),
    ),
  );
}

/** What concerns the whole installation, above every view. */
export function banner({ status, statusError }) {
  if (statusError && statusError.status !== 401) {
    return h(
      'div',
      { class: 'notice bad', role: 'alert', key: 'banner' },
      icon('warn'),
      h('span', {}, h('strong', {}, 'The coordinator does not answer.'), ' What you see may be old. Agents and hosts work on without it; the connection is tried again by itself.'),
    );
  }
  if (status?.state === 'recovering') {
    const left = Math.max(0, status.recoveryLeftMillis);
    return h(
      'div',
      { class: 'notice warn', role: 'status', key: 'banner' },
      icon('clock'),
      h('span', {}, h('strong', {}, 'Recovering.'), ` The coordinator has just started and waits for hosts and agents to report, ${duration(left)} more. Until then nothing is shown as empty that is only unknown.`),
    );
  }
  return null;
}

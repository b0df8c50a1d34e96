// The console's beginning: routes, the coordinator's state once a second, shortcuts.

import { forget, get, noteServerTime } from './api.js';
import { Poller } from './poller.js';
import { place } from './router.js';
import { lost, onSession, refresh } from './session.js';
import { NAVIGATION, banner, help, login, shell, toggleTheme } from './shell.js';
import { failure, loading } from './states.js';
import { h, render } from './vdom.js';

const VIEWS = {
  overview: () => import('./views/overview.js'),
  map: () => import('./views/map.js'),
  fences: () => import('./views/fences.js'),
  waits: () => import('./views/waits.js'),
  graph: () => import('./views/graph.js'),
  holds: () => import('./views/holds.js'),
  programs: () => import('./views/programs.js'),
  events: () => import('./views/events.js'),
};

const root = document.getElementById('app');
const state = { status: null, statusError: null, pendingFences: 0 };
let view = null;
let opening = 0;

function draw() {
  render(
    root,
    shell(state, place()),
    h('main', { id: 'main', tabindex: '-1' }, banner(state), h('div', { class: 'view', opaque: true, key: 'view', ref: (element) => (state.place = element) })),
  );
}

async function route() {
  const target = place();
  const name = target.view in VIEWS ? target.view : 'overview';
  if (view?.name === name) {
    view.update(target);
    draw();
    return;
  }
  const turn = ++opening;
  view?.close();
  view = null;
  draw();
  render(state.place, loading(name));
  try {
    const module = await VIEWS[name]();
    if (turn !== opening) {
      return;
    }
    state.place.replaceChildren();
    view = module.open(state.place, target, { login, status: () => state.status, pending: notePending });
    view.name = name;
  } catch (e) {
    render(state.place, failure({ title: 'This view could not be loaded', detail: String(e), slug: 'script' }));
    throw e;
  }
  document.querySelector('.nav[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  document.title = `${NAVIGATION.find((entry) => entry.view === name).label} · Fenceline`;
}

function notePending(count) {
  if (count !== state.pendingFences) {
    state.pendingFences = count;
    draw();
  }
}

const statusPoller = new Poller({
  load: (signal) => get('/status', signal),
  onData: (status) => {
    noteServerTime(Date.parse(status.startedAt) + status.uptimeMillis);
    const restarted = state.status && state.status.bootToken !== status.bootToken;
    const recovered = state.status?.state === 'recovering' && status.state === 'ready';
    state.status = status;
    const back = state.statusError !== null;
    state.statusError = null;
    draw();
    if (restarted || recovered || back) {
      view?.wake?.();
    }
  },
  onError: (error) => {
    state.statusError = error;
    draw();
  },
});

function onKey(event) {
  const typing = event.target.closest('input, select, textarea, [contenteditable]');
  if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) {
    return;
  }
  const entry = NAVIGATION.find((each) => each.key === event.key);
  if (entry) {
    location.hash = `#/${entry.view}`;
  } else if (event.key === '?') {
    help();
  } else if (event.key === 't') {
    toggleTheme();
  } else if (event.key === '/') {
    const field = document.querySelector('main [data-search]');
    if (field) {
      event.preventDefault();
      field.focus();
    }
  }
}

document.querySelector('.skip-link').addEventListener('click', (event) => {
  event.preventDefault();
  document.getElementById('main').focus();
});
window.addEventListener('hashchange', () => {
  route();
});
document.addEventListener('keydown', onKey);
document.addEventListener('themechange', () => view?.repaint?.());
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => view?.repaint?.());
let role = null;
onSession((session) => {
  const before = role;
  role = session.role;
  draw();
  if (before === role) {
    return;
  }
  if (role === null) {
    // Whoever comes next to this screen is not to read on.
    forget();
    view?.close();
    view = null;
    route();
  } else {
    view?.wake?.();
    view?.repaint?.();
  }
  statusPoller.now();
});
document.addEventListener('unauthenticated', lost);

route();
statusPoller.start();
refresh();

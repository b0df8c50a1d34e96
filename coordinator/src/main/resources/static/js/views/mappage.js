// The panel beside the map: one page, its mapping, who holds it, and the fence that does.

import { invalidateButton } from '../actions.js';
import { PAGE, address, bytes, count, parseAddress } from '../format.js';
import { icon } from '../icons.js';
import { badge, device } from '../marks.js';
import { link } from '../router.js';
import { failure, loading } from '../states.js';
import { h } from '../vdom.js';
import { facts } from './details.js';

export function pagePanel(view) {
  const { selected, page, error, id } = view;
  const here = page && parseAddress(page.address) === selected ? page : null;
  return h(
    'aside',
    { class: 'panel below', 'aria-label': `Page ${address(selected)}`, key: 'panel-page' },
    h('div', { class: 'panel-head' }, h('div', {}, h('p', { class: 'kicker' }, 'page of 4 KiB'), h('h2', { class: 'mono' }, address(selected))), h('button', { class: 'icon-button', 'aria-label': 'Close the panel', title: 'Close (Esc on the map)', onclick: () => view.select(null) }, icon('close'))),
    here ? pageBody(view, here, id) : error ? failure(error) : loading('the page'),
  );
}

function pageBody(view, page, id) {
  const range = view.rangePage?.items.find((each) => parseAddress(each.start) <= view.selected && view.selected < parseAddress(each.end));
  return [
    page.state !== 'unmapped' && h('div', { class: 'actions' }, invalidateButton(id, view.selected, PAGE, 'this page')),
    facts([
      ['State', [badge(page.state), page.fenceId && [' by ', h('a', { class: 'mono', href: link('fences', [page.fenceId]) }, page.fenceId)]]],
      page.state !== 'unmapped' && ['Generation', count(page.generation)],
      page.state !== 'unmapped' && ['Writable', page.writable ? 'yes' : 'no'],
      page.state !== 'unmapped' && ['Dirty', page.dirty ? 'yes' : 'no'],
    ]),
    h('h3', {}, 'Held by'),
    page.holders.length === 0
      ? h('p', { class: 'muted' }, 'Nobody holds a translation of this page.')
      : h('ul', { class: 'lines' }, page.holders.map((each) => h('li', { class: 'line' }, device(each.device, each.deviceName), h('span', { class: 'muted' }, each.heldPages > 0 ? 'holds it' : 'mirrors it, holds no translation')))),
    h('h3', {}, 'Mapping'),
    range
      ? [
          h('div', { class: 'actions' }, invalidateButton(id, parseAddress(range.start), parseAddress(range.end) - parseAddress(range.start), 'the whole mapping')),
          facts([
            ['From', h('code', {}, range.start)],
            ['To', h('code', {}, range.end)],
            ['Size', `${count(range.pages)} pages · ${bytes(range.pages * PAGE)}`],
            ['Access', h('code', {}, range.protection)],
            ['Backing', `${range.backing || 'anonymous'}${range.shared ? ', shared' : ''}`],
            ['State', badge(range.state)],
          ]),
        ]
      : h('p', { class: 'muted' }, page.state === 'unmapped' ? 'Nothing is mapped here.' : 'It lies outside of what the map shows.'),
  ];
}

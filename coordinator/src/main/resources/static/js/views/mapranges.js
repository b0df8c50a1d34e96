// The mappings that lie in the interval that the map shows.

import { address, bytes, count, PAGE } from '../format.js';
import { badge, device } from '../marks.js';
import { Table } from '../table.js';
import { h } from '../vdom.js';

export function rangeTable(open) {
  return new Table({
    label: 'Mappings in view',
    id: (range) => range.start,
    open,
    visibleRows: 10,
    columns: [
      { key: 'start', label: 'From', width: '136px', sort: (range) => range.from, cell: (range) => h('button', { class: 'link mono', onclick: () => open(range) }, address(range.from)) },
      { key: 'size', label: 'Size', width: '84px', align: 'right num', sort: (range) => range.pages, cell: (range) => bytes(range.pages * PAGE) },
      { key: 'state', label: 'State', width: '112px', sort: (range) => range.state, cell: (range) => badge(range.state) },
      { key: 'protection', label: 'Access', width: '64px', wide: true, sort: (range) => range.protection, cell: (range) => h('code', {}, range.protection) },
      { key: 'resident', label: 'Resident', width: '88px', align: 'right num', wide: true, sort: (range) => range.residentPages, cell: (range) => bytes(range.residentPages * PAGE) },
      { key: 'generation', label: 'Generation', width: '92px', align: 'right num', wide: true, sort: (range) => range.generation, cell: (range) => count(range.generation) },
      { key: 'holders', label: 'Held by', width: 'minmax(150px, 1fr)', wide: true, sort: (range) => range.holders.length, cell: holders },
      { key: 'backing', label: 'Backing', width: 'minmax(90px, .7fr)', wide: true, sort: (range) => range.backing, cell: (range) => `${range.backing || 'anonymous'}${range.shared ? ', shared' : ''}` },
    ],
  });
}

function holders(range) {
  const holding = range.holders.filter((each) => each.heldPages > 0);
  if (holding.length === 0) {
    return h('span', { class: 'muted' }, range.holders.length ? `nobody; mirrored by ${range.holders.length}` : 'nobody');
  }
  return h('span', {}, holding.slice(0, 2).map((each, index) => [index > 0 && ' ', device(each.device, each.deviceName)]), holding.length > 2 && ` +${holding.length - 2}`);
}

// A table that draws only the rows that can be seen: a hundred thousand rows cost as much as thirty.

import { h, render } from './vdom.js';

const ROW_HEIGHT = 34;
const MARGIN_ROWS = 6;
const COLUMN_GAP = 14;

export class Table {
  /**
   * @param options label; columns of {key, label, width, align, wide, sort(row), cell(row)}; id(row); open(row);
   *     sortBy, descending; rowClass(row); visibleRows
   */
  constructor(options) {
    this.options = options;
    this.rows = [];
    this.shown = [];
    this.active = 0;
    this.sortBy = options.sortBy ?? null;
    this.descending = options.descending ?? false;
    this.onScroll = () => {
      this.frame ??= requestAnimationFrame(() => {
        this.frame = null;
        this.draw();
      });
    };
  }

  /** The place of the table in a view. */
  vnode() {
    return h('div', {
      class: 'table',
      key: `table-${this.options.label}`,
      opaque: true,
      role: 'grid',
      'aria-label': this.options.label,
      ref: (element) => {
        this.element = element;
        this.resized?.disconnect();
        this.resized = new ResizeObserver(() => this.onResize());
        this.resized.observe(element);
        this.draw();
      },
    });
  }

  update(rows) {
    this.rows = rows;
    this.sort();
    this.active = Math.min(this.active, Math.max(0, rows.length - 1));
    this.draw();
  }

  sort() {
    const column = this.options.columns.find((each) => each.key === this.sortBy);
    if (!column?.sort) {
      this.shown = this.rows;
      return;
    }
    const sign = this.descending ? -1 : 1;
    this.shown = this.rows
      .map((row) => [column.sort(row), row])
      .sort(([a], [b]) => sign * compare(a, b))
      .map(([, row]) => row);
  }

  sortOn(column) {
    this.descending = this.sortBy === column.key ? !this.descending : false;
    this.sortBy = column.key;
    this.sort();
    this.draw();
  }

  /** As many columns as there is room for; those marked `wide` go first, from the last one on. */
  columns() {
    const columns = [...this.options.columns];
    let room = this.width - COLUMN_GAP - columns.reduce((sum, column) => sum + leastWidth(column) + COLUMN_GAP, 0);
    for (let i = columns.length - 1; i >= 0 && room < 0; i--) {
      if (columns[i].wide) {
        room += leastWidth(columns[i]) + COLUMN_GAP;
        columns.splice(i, 1);
      }
    }
    return columns;
  }

  onResize() {
    const width = this.element?.clientWidth ?? 0;
    if (width > 0 && width !== this.width) {
      this.width = width;
      this.draw();
    }
  }

  draw() {
    if (!this.element) {
      return;
    }
    this.width ||= this.element.clientWidth;
    const columns = this.columns();
    const most = this.options.visibleRows ?? 12;
    const seen = Math.min(this.shown.length, most);
    this.element.setAttribute('aria-rowcount', String(this.shown.length + 1));
    this.element.style.setProperty('--columns', trackSizes(columns, this.width));
    render(
      this.element,
      h('div', { class: 'thead', role: 'row', 'aria-rowindex': '1' }, columns.map((each) => this.header(each))),
      h(
        'div',
        {
          class: 'tbody',
          role: 'rowgroup',
          onscroll: this.onScroll,
          onkeydown: (event) => this.onKey(event),
          css: { height: `${Math.max(1, seen) * ROW_HEIGHT}px` },
          ref: (body) => (this.body = body),
        },
        h(
          'div',
          { class: 'rows', role: 'presentation', css: { height: `${this.shown.length * ROW_HEIGHT}px` } },
          this.visible(columns, most),
        ),
      ),
    );
  }

  header(column) {
    const direction = this.sortBy !== column.key ? 'none' : this.descending ? 'descending' : 'ascending';
    const label = column.sort
      ? h('button', { class: 'sort', onclick: () => this.sortOn(column) }, column.label, h('span', { class: `arrow ${direction}`, 'aria-hidden': 'true' }))
      : column.label;
    return h('div', { role: 'columnheader', class: column.align ?? '', 'aria-sort': column.sort ? direction : undefined }, label);
  }

  visible(columns, most) {
    const top = this.body?.scrollTop ?? 0;
    const first = Math.max(0, Math.floor(top / ROW_HEIGHT) - MARGIN_ROWS);
    const last = Math.min(this.shown.length, Math.ceil(top / ROW_HEIGHT) + most + MARGIN_ROWS);
    const reachable = this.active >= first && this.active < last ? this.active : first;
    const rows = [];
    for (let i = first; i < last; i++) {
      rows.push(this.row(this.shown[i], i, columns, i === reachable));
    }
    return rows;
  }

  row(row, index, columns, reachable) {
    const { open, rowClass } = this.options;
    return h(
      'div',
      {
        key: index,
        role: 'row',
        'aria-rowindex': String(index + 2),
        class: `row ${open ? 'opens' : ''} ${rowClass?.(row) ?? ''}`,
        tabindex: reachable ? '0' : '-1',
        css: { transform: `translateY(${index * ROW_HEIGHT}px)` },
        onclick: open && ((event) => !event.target.closest('a, button') && open(row)),
        onfocus: () => (this.active = index),
      },
      columns.map((column) => h('div', { role: 'gridcell', class: column.align ?? '' }, column.cell(row))),
    );
  }

  onKey(event) {
    const page = (this.options.visibleRows ?? 12) - 1;
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.key in steps) {
      event.preventDefault();
      this.focusRow(Math.max(0, Math.min(this.shown.length - 1, this.active + steps[event.key])));
    } else if (event.key === 'Enter' && event.target.classList.contains('row')) {
      event.preventDefault();
      this.options.open?.(this.shown[this.active]);
    }
  }

  focusRow(index) {
    this.active = index;
    const top = index * ROW_HEIGHT;
    const height = this.body.clientHeight;
    if (top < this.body.scrollTop) {
      this.body.scrollTop = top;
    } else if (top + ROW_HEIGHT > this.body.scrollTop + height) {
      this.body.scrollTop = top + ROW_HEIGHT - height;
    }
    this.draw();
    this.body.querySelector(`[aria-rowindex="${index + 2}"]`)?.focus({ preventScroll: true });
  }

  toEnd() {
    if (this.body) {
      this.body.scrollTop = this.body.scrollHeight;
      this.draw();
    }
  }

  dispose() {
    this.resized?.disconnect();
    cancelAnimationFrame(this.frame);
    this.element = null;
  }
}

/** Columns that may grow may shrink as well where there is no room for what they would like. */
function trackSizes(columns, width) {
  const least = columns.reduce((sum, column) => sum + leastWidth(column) + COLUMN_GAP, COLUMN_GAP);
  const sizes = columns.map((each) => each.width ?? '1fr').join(' ');
  return least > width ? sizes.replaceAll(/minmax\(\d+px/g, 'minmax(0px') : sizes;
}

function leastWidth(column) {
  return Number(/(\d+)px/.exec(column.width ?? '')?.[1] ?? 60);
}

function compare(a, b) {
  if (typeof a === 'number' && typeof b === 'number') {
    return a - b;
  }
  return String(a).localeCompare(String(b), 'en', { numeric: true });
}

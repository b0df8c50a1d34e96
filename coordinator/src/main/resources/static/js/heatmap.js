// A heat map on a canvas: time to the right, duration upwards, darker where more ended.

import { colour } from './charts.js';
import { micros } from './format.js';

const LEFT = 66;
const BOTTOM = 22;
const TOP = 6;
const ROW = 13;

export class Heatmap {
  constructor(canvas, onHover) {
    this.canvas = canvas;
    this.onHover = onHover;
    this.data = null;
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(canvas.parentElement);
    canvas.addEventListener('pointermove', (event) => this.hover(event));
    canvas.addEventListener('pointerleave', () => this.onHover(null));
  }

  /** @param data times (seconds), counts (per time a list by bucket), bounds (micros) */
  show(data) {
    this.data = data;
    this.rows = usedRows(data);
    this.draw();
  }

  draw() {
    const width = this.canvas.clientWidth;
    if (!this.data || width === 0) {
      return;
    }
    const { first, last } = this.rows;
    const height = TOP + (last - first + 1) * ROW + BOTTOM;
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.canvas.style.setProperty('height', `${height}px`);
    const g = this.canvas.getContext('2d');
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.clearRect(0, 0, width, height);
    this.cell = (width - LEFT) / Math.max(1, this.data.times.length);
    this.drawCells(g);
    this.drawAxes(g, width, height);
  }

  drawCells(g) {
    const { first, last } = this.rows;
    const { counts } = this.data;
    const most = Math.log1p(Math.max(1, ...counts.flat()));
    g.fillStyle = colour('--sunken');
    g.fillRect(LEFT, TOP, this.cell * this.data.times.length, (last - first + 1) * ROW);
    g.fillStyle = colour('--accent');
    for (let x = 0; x < counts.length; x++) {
      for (let bucket = first; bucket <= last; bucket++) {
        const count = counts[x][bucket] ?? 0;
        if (count > 0) {
          g.globalAlpha = 0.18 + 0.82 * (Math.log1p(count) / most);
          g.fillRect(LEFT + x * this.cell, this.y(bucket), Math.max(1, this.cell - (this.cell > 4 ? 1 : 0)), ROW - 1);
        }
      }
    }
    g.globalAlpha = 1;
  }

  drawAxes(g, width, height) {
    const { first, last } = this.rows;
    g.fillStyle = colour('--muted');
    g.font = '11px Inter, system-ui, sans-serif';
    g.textAlign = 'right';
    g.textBaseline = 'middle';
    for (let bucket = first; bucket <= last; bucket++) {
      if ((bucket - first) % 2 === 0) {
        g.fillText(upper(this.data.bounds, bucket), LEFT - 8, this.y(bucket) + ROW / 2);
      }
    }
    g.textBaseline = 'alphabetic';
    const labels = Math.max(2, Math.floor((width - LEFT) / 130));
    for (let i = 0; i < labels; i++) {
      const at = Math.round((i * (this.data.times.length - 1)) / (labels - 1));
      g.textAlign = i === 0 ? 'left' : i === labels - 1 ? 'right' : 'center';
      g.fillText(new Date(this.data.times[at] * 1000).toLocaleTimeString('sv-SE'), i === labels - 1 ? width : LEFT + at * this.cell, height - 5);
    }
  }

  y(bucket) {
    return TOP + (this.rows.last - bucket) * ROW;
  }

  hover(event) {
    if (!this.data) {
      return;
    }
    const x = Math.floor((event.offsetX - LEFT) / this.cell);
    const bucket = this.rows.last - Math.floor((event.offsetY - TOP) / ROW);
    const inside = x >= 0 && x < this.data.times.length && bucket >= this.rows.first && bucket <= this.rows.last;
    this.onHover(
      inside && {
        left: event.offsetX,
        top: event.offsetY,
        time: this.data.times[x],
        from: bucket > 0 ? micros(this.data.bounds[bucket - 1]) : '0',
        to: upper(this.data.bounds, bucket),
        count: this.data.counts[x][bucket] ?? 0,
      },
    );
  }

  close() {
    this.observer.disconnect();
  }
}

function upper(bounds, bucket) {
  return bucket < bounds.length ? micros(bounds[bucket]) : `> ${micros(bounds[bounds.length - 1])}`;
}

/** The buckets with anything in them, and one on either side. */
function usedRows({ counts, bounds }) {
  let first = bounds.length;
  let last = 0;
  for (const column of counts) {
    column.forEach((count, bucket) => {
      if (count > 0) {
        first = Math.min(first, bucket);
        last = Math.max(last, bucket);
      }
    });
  }
  return first > last ? { first: 0, last: bounds.length } : { first: Math.max(0, first - 1), last: Math.min(bounds.length, last + 1) };
}

// Time series by uPlot, which is loaded when the first chart is shown.


let loading = null;

/** The constructor of charts. */
export function library() {
  loading ??= new Promise((resolve, reject) => {
    const style = document.createElement('link');
    style.rel = 'stylesheet';
    style.href = 'vendor/uplot/uPlot.min.css';
    const script = document.createElement('script');
    script.src = 'vendor/uplot/uPlot.iife.min.js';
    script.onload = () => resolve(window.uPlot);
    script.onerror = () => reject(new Error('the chart library could not be loaded'));
    document.head.append(style, script);
  });
  return loading;
}

export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function isPowerOfTen(value) {
  return value !== null && Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-9;
}

function contentWidth(element) {
  const style = getComputedStyle(element);
  return element.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
}

/** A chart that follows the width of its place and the theme. */
export class Chart {
  /** @param options label, height, series of {label, colour, dash, fill}, log, format(value) */
  constructor(place, options) {
    this.place = place;
    this.options = options;
    this.data = null;
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(place);
  }

  async show(data) {
    this.data = data;
    const UPlot = await library();
    if (this.closed) {
      return;
    }
    if (this.plot) {
      this.plot.setData(this.data);
    } else {
      this.build(UPlot);
    }
  }

  build(UPlot) {
    const { height, series, log, format } = this.options;
    const line = colour('--line');
    const text = colour('--muted');
    const font = '11px Inter, system-ui, sans-serif';
    const filter = (u, splits) => splits.map((value) => (isPowerOfTen(value) ? value : null));
    const powers = log ? { filter, grid: { stroke: line, width: 1, filter }, ticks: { stroke: line, width: 1, size: 4, filter } } : {};
    const axis = { stroke: text, font, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1, size: 4 } };
    const show = (value) => (value === null || value === undefined ? '–' : format(value));
    this.plot = new UPlot(
      {
        width: Math.max(200, contentWidth(this.place)),
        height,
        legend: { live: true },
        cursor: { y: false, points: { size: 6 } },
        scales: { x: { time: true }, y: log ? { distr: 3, log: 10 } : { range: (u, min, max) => [0, Math.max(1, max)] } },
        axes: [
          { ...axis, values: '{HH}:{mm}:{ss}', space: 84 },
          { ...axis, ...powers, size: 66, values: (u, splits) => splits.map((value) => (value === null ? '' : show(value))) },
        ],
        series: [
          { label: 'at', value: (u, value) => (value ? new Date(value * 1000).toLocaleTimeString('sv-SE') : '–') },
          ...series.map((each) => ({
            label: each.label,
            stroke: colour(each.colour),
            width: each.width ?? 1.5,
            dash: each.dash,
            fill: each.fill ? `${colour(each.colour)}26` : undefined,
            points: { show: false },
            spanGaps: false,
            value: (u, value) => show(value),
          })),
        ],
      },
      this.data,
      this.place,
    );
  }

  resize() {
    const width = contentWidth(this.place);
    if (this.plot && width > 0 && width !== this.plot.width) {
      this.plot.setSize({ width, height: this.options.height });
    }
  }

  /** The colours have changed. */
  rebuild() {
    if (this.plot) {
      this.plot.destroy();
      this.plot = null;
      this.show(this.data);
    }
  }

  close() {
    this.closed = true;
    this.observer.disconnect();
    this.plot?.destroy();
    this.plot = null;
  }
}


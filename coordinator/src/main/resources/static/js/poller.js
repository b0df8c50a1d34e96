// Asks again and again: one request at a time, none while the page is hidden, slower while it fails.

const GREATEST_PAUSE_MILLIS = 15_000;

export class Poller {
  /** @param options load(signal), onData(data), onError(error), everyMillis */
  constructor({ load, onData, onError, everyMillis = 1000 }) {
    this.load = load;
    this.onData = onData;
    this.onError = onError;
    this.everyMillis = everyMillis;
    this.failures = 0;
    this.stopped = true;
    this.onVisibility = () => (document.hidden ? this.pause() : this.now());
  }

  start() {
    this.stopped = false;
    document.addEventListener('visibilitychange', this.onVisibility);
    this.now();
    return this;
  }

  stop() {
    this.stopped = true;
    document.removeEventListener('visibilitychange', this.onVisibility);
    this.pause();
  }

  pause() {
    clearTimeout(this.timer);
    this.controller?.abort();
    this.controller = null;
  }

  /** Asks at once; a question under way is given up, since its answer is not wanted any more. */
  now() {
    this.pause();
    if (!this.stopped && !document.hidden) {
      this.ask();
    }
  }

  async ask() {
    const controller = new AbortController();
    this.controller = controller;
    const started = performance.now();
    let pause = this.everyMillis;
    try {
      const data = await this.load(controller.signal);
      if (this.controller !== controller) {
        return;
      }
      this.failures = 0;
      this.onData(data);
    } catch (e) {
      if (this.controller !== controller || e.name === 'AbortError') {
        return;
      }
      this.failures++;
      pause = this.pauseAfter(e);
      this.onError(e);
    }
    if (this.controller === controller && !this.stopped) {
      const spent = performance.now() - started;
      this.timer = setTimeout(() => this.ask(), Math.max(pause / 4, pause - spent));
    }
  }

  pauseAfter(error) {
    const told = error.problem?.retryAfterSeconds;
    if (told) {
      return told * 1000;
    }
    return Math.min(GREATEST_PAUSE_MILLIS, this.everyMillis * 2 ** Math.min(4, this.failures - 1));
  }
}

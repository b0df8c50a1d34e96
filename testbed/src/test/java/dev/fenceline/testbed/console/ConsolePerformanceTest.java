package dev.fenceline.testbed.console;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.BoundingBox;
import com.microsoft.playwright.options.ColorScheme;
import dev.fenceline.testbed.launch.Installation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/**
 * What the console costs a browser at 1,000 devices and 100,000 ranges that change every second.
 * Prints the figures of docs/BENCHMARKS.md; its bounds leave room for a machine with other work.
 */
@Tag("browser")
@Timeout(value = 300, threadMode = ThreadMode.SAME_THREAD)
class ConsolePerformanceTest {
  private static final double FIRST_PAINT_BOUND_MILLIS = 10_000;
  private static final double FRAME_BOUND_MILLIS = 400;
  private static final int WHEEL_STEPS = 40;

  /** Notes how far frames lie apart and what tasks were long, from the first line on. */
  private static final String METER =
      """
      window.gaps = [];
      window.longTasks = [];
      new PerformanceObserver(list => list.getEntries().forEach(e => window.longTasks.push(e.duration)))
        .observe({ type: 'longtask' });
      let before = performance.now();
      const frame = now => { window.gaps.push(now - before); before = now; requestAnimationFrame(frame); };
      requestAnimationFrame(frame);
      """;

  private static final String READ =
      """
      () => {
        const sorted = window.gaps.slice().sort((a, b) => a - b);
        const at = share => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
        return {
          firstPaint: performance.getEntriesByName('first-contentful-paint')[0].startTime,
          p50: at(0.5), p95: at(0.95),
          busy: window.longTasks.reduce((a, b) => a + b, 0),
          heap: performance.memory.usedJSHeapSize / 1e6,
          elements: document.querySelectorAll('*').length,
        };
      }
      """;

  private static Browsing browsing;
  private static FakeInstallation installation;

  @BeforeAll
  @Timeout(value = 300, threadMode = ThreadMode.SAME_THREAD)
  static void start() throws Exception {
    browsing = Browsing.start();
    Path root = Installation.current().root();
    installation = FakeInstallation.start(root.resolve("coordinator/src/main/resources/static"));
  }

  @AfterAll
  @Timeout(value = 120, threadMode = ThreadMode.SAME_THREAD)
  static void stop() {
    if (installation != null) {
      installation.close();
    }
    if (browsing != null) {
      browsing.close();
    }
  }

  private static Page open(String place, String ready) {
    Page page = browsing.page(ColorScheme.LIGHT, 1280, 900);
    page.addInitScript(METER);
    page.navigate(installation.origin() + "/" + place);
    page.waitForSelector(ready);
    page.waitForTimeout(1500);
    page.evaluate("() => { window.gaps.length = 0; window.longTasks.length = 0; }");
    return page;
  }

  @SuppressWarnings("unchecked")
  private static void report(String what, Page page) throws Exception {
    Map<String, Number> read = (Map<String, Number>) page.evaluate(READ);
    String line =
        String.format(
            Locale.ROOT,
            "| %s | %.0f | %.0f | %.0f | %.0f | %.0f | %d |",
            what,
            read.get("firstPaint").doubleValue(),
            read.get("p50").doubleValue(),
            read.get("p95").doubleValue(),
            read.get("busy").doubleValue(),
            read.get("heap").doubleValue(),
            read.get("elements").intValue());
    System.out.println(line);
    Path shot = Path.of("target", "screenshots", "large-" + what.replaceAll("\\W+", "-") + ".png");
    Files.createDirectories(shot.getParent());
    page.screenshot(new Page.ScreenshotOptions().setPath(shot));
    page.context().close();
    assertThat(browsing.complaints()).isEmpty();
    assertThat(read.get("firstPaint").doubleValue()).isLessThan(FIRST_PAINT_BOUND_MILLIS);
    assertThat(read.get("p95").doubleValue()).isLessThan(FRAME_BOUND_MILLIS);
    assertThat(read.get("elements").intValue()).as("rows beyond the visible ones").isLessThan(2500);
  }

  @Test
  void overviewOfAThousandDevices_staysUsable() throws Exception {
    Page page = open("#/overview", "text=agent-1/0");
    for (String key : List.of("a", "g", "e", "n", "t", "-", "7")) {
      page.locator("[data-search]").press(key);
      page.waitForTimeout(1000);
    }
    assertThat(page.getByText("agent-77/7").count()).isLessThan(2);
    report("overview, typing into the filter", page);
  }

  @Test
  void mapOfAHundredThousandRanges_zoomsSmoothly() throws Exception {
    Page page = open("#/map", "canvas.map");
    BoundingBox box = page.locator("canvas.map").boundingBox();
    page.mouse().move(box.x + box.width * 0.6, box.y + 60);
    for (int step = 0; step < WHEEL_STEPS; step++) {
      page.mouse().wheel(0, step < WHEEL_STEPS / 2 ? -150 : 150);
      page.waitForTimeout(150);
    }
    report("map, zooming in and out", page);
  }

  @Test
  void fencesOfSixtyFourParticipants_stayUsable() throws Exception {
    Page page = open("#/fences", "article.fence");
    page.waitForTimeout(6000);
    report("fences", page);
  }

  @Test
  void twentyEventsASecond_areFollowed() throws Exception {
    Page page = open("#/events", "text=event 1");
    page.waitForTimeout(6000);
    report("events, 20 a second", page);
  }

  @Test
  void waitTimes_areDrawnEverySecond() throws Exception {
    Page page = open("#/waits", ".uplot canvas");
    page.waitForTimeout(6000);
    report("wait times", page);
  }

  @Test
  void hiddenPage_asksNothing() {
    Page page = open("#/overview", "text=agent-1/0");
    page.evaluate(
        "() => { Object.defineProperty(document, 'hidden', { get: () => true });"
            + " document.dispatchEvent(new Event('visibilitychange')); }");
    long before;
    do { // what it had asked for may still be on its way
      before = installation.answers();
      page.waitForTimeout(1500);
    } while (installation.answers() != before);
    page.waitForTimeout(3000);
    assertThat(installation.answers()).isEqualTo(before);
    page.context().close();
  }
}

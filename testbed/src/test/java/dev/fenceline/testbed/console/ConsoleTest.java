package dev.fenceline.testbed.console;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.microsoft.playwright.APIResponse;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.RequestOptions;
import dev.fenceline.testbed.launch.Installation;
import dev.fenceline.testbed.launch.Interruption;
import dev.fenceline.testbed.launch.ServiceProcess;
import dev.fenceline.testbed.launch.Stack;
import dev.fenceline.testbed.launch.StackSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * The console in Chromium before real processes with programs under way; needs the services'
 * packages, which `mvn verify` has built. The browser's driver wants one thread for everything.
 */
@Tag("processes")
@Tag("browser")
@Timeout(value = 400, threadMode = ThreadMode.SAME_THREAD)
class ConsoleTest {
  private static final double PATIENCE_MILLIS = 60_000;
  private static final Path SCREENSHOTS = Path.of("target", "screenshots");

  /** Path, shortcut and heading of each view. */
  private static final String[][] VIEWS = {
    {"overview", "o", "Overview"},
    {"map", "m", "Address spaces"},
    {"fences", "f", "Fences"},
    {"waits", "w", "Wait times"},
    {"graph", "g", "Wait-for graph"},
    {"holds", "h", "Pins and faults"},
    {"programs", "p", "Programs"},
    {"events", "e", "Events"},
  };

  /** Whether anything has been drawn on the canvas. */
  private static final String INKED =
      """
      selector => {
        const canvas = document.querySelector(selector);
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        const colours = new Set();
        for (let i = 0; i < data.length; i += 4) {
          colours.add(data[i] << 16 | data[i + 1] << 8 | data[i + 2]);
        }
        return colours.size > 3;
      }
      """;

  private static final String OVERFLOW =
      "() => document.documentElement.scrollWidth > document.documentElement.clientWidth";

  private static final List<ServiceProcess> PROCESSES = new ArrayList<>();

  @TempDir private static Path directory = Path.of("");

  private static Interruption interruption = Interruption.install(Duration.ZERO);
  private static Browsing browsing;
  private static Workload workload;
  private static String origin = "";

  private Page page;

  @BeforeAll
  @Timeout(value = 600, threadMode = ThreadMode.SAME_THREAD)
  static void startServices() throws Exception {
    Installation installation = Installation.current();
    assumeTrue(
        Files.exists(installation.root().resolve("coordinator/target/classpath.txt")),
        "the services are not packaged");
    browsing = Browsing.start();
    PlaywrightAssertions.setDefaultAssertionTimeout(PATIENCE_MILLIS);
    StackSpec spec =
        StackSpec.of(directory.resolve("run"), 3, 1)
            .withHostOptions(
                // The slow device is late soon, and is not expelled for it on a slow machine.
                "--fenceline.host.lease.overdue=1s", "--fenceline.host.lease.ttl=8s");
    Stack stack = Stack.start(installation, spec, interruption);
    PROCESSES.addAll(stack.processes());
    origin = stack.restAddress();
    workload = Workload.start(stack);
  }

  @AfterAll
  @Timeout(value = 400, threadMode = ThreadMode.SAME_THREAD)
  static void stopServices() throws Exception {
    if (workload != null) {
      workload.close();
    }
    if (browsing != null) {
      browsing.close();
    }
    interruption.close();
    assertThat(PROCESSES).noneMatch(ServiceProcess::alive);
  }

  @AfterEach
  void nothingComplains_nothingLeavesTheOrigin() {
    if (page != null) {
      page.context().close();
    }
    assertThat(browsing.complaints()).isEmpty();
    assertThat(browsing.requestsElsewhere(origin)).isEmpty();
  }

  private Page open(String place) {
    page = browsing.page(ColorScheme.LIGHT, 1280, 900);
    page.navigate(origin + "/" + place);
    return page;
  }

  private Locator table(String label) {
    return page.getByRole(AriaRole.GRID, new Page.GetByRoleOptions().setName(label));
  }

  @Test
  void overview_showsWhoIsThere() {
    open("");
    assertThat(page).hasTitle("Overview · Fenceline");
    assertThat(table("Hosts")).containsText("host-1");
    for (String agent : List.of("agent-1", "agent-2", "agent-3")) {
      assertThat(table("Agents")).containsText(agent);
      assertThat(table("Devices")).containsText(agent + "/0");
    }
    assertThat(table("Agents")).containsText(Pattern.compile("of 8 s"));
  }

  @Test
  void chosenAgent_showsItsLeaseAndDevices() {
    open("");
    table("Agents").getByText("agent-3").click();
    Locator panel = panel("agent agent-3");
    assertThat(panel).containsText("Leases");
    assertThat(panel).containsText("host-1");
    assertThat(panel).containsText("agent-3/0");
    assertThat(page).hasURL(Pattern.compile("#/overview/agent/agent-3$"));
  }

  @Test
  void pendingFence_namesTheLateDevice() {
    open("#/fences");
    Locator card = page.locator("article.fence").filter(slow());
    assertThat(card.first()).containsText("agent-3/0");
    assertThat(card.first()).containsText("late for");
    assertThat(card.first()).containsText("next");
  }

  @Test
  void endedFence_showsPhasesAndParticipants() {
    open("#/fences");
    table("Recent invalidations").locator(".row").first().click();
    Locator panel = page.locator("aside.panel");
    assertThat(panel).containsText("schedule");
    assertThat(panel).containsText("unmap");
    assertThat(panel).containsText("Participants");
    assertThat(panel.locator(".participants")).containsText("agent-");
  }

  @Test
  void map_goesFromEverythingToOnePage() {
    open("#/map/" + space() + "?device=");
    Locator mappings = table("Mappings in view");
    assertThat(mappings).containsText("0x7f0001000000");
    Locator map = page.locator("canvas.map");
    map.focus();
    page.keyboard().press("0");
    assertThat(mappings).containsText("0x10000000");
    page.getByLabel("Go to an address, a range a-b or a+length").fill("0x7f0001003000");
    page.keyboard().press("Enter");
    Locator panel = panel("Page 0x7f0001003000");
    assertThat(panel).containsText("Generation");
    assertThat(panel).containsText("agent-1/0");
    assertThat(panel).containsText("0x7f0001000000");
    assertThat(page).hasURL(Pattern.compile("at=0x7f0001003000"));
    assertThat(map).hasAttribute("aria-label", Pattern.compile("mapped"));
  }

  @Test
  void wheelAndKeys_zoomTheMap() {
    open("#/map/" + space() + "?start=0x7f0000000000&end=0x7f0004000000");
    assertThat(table("Mappings in view")).containsText("0x7f0001000000");
    Locator range = page.locator(".map-range .muted");
    assertThat(range).hasText("64 MiB");
    Locator map = page.locator("canvas.map");
    map.hover();
    page.mouse().wheel(0, -400);
    assertThat(range).not().hasText("64 MiB");
    map.focus();
    page.keyboard().press("0");
    assertThat(range).containsText("TiB");
    page.keyboard().press("+");
    page.keyboard().press("ArrowRight");
    assertThat(page).hasURL(Pattern.compile("start=0x"));
  }

  @Test
  void waitTimes_haveData() {
    open("#/waits");
    Locator row =
        page.locator(".plain-table tbody tr")
            .filter(new Locator.FilterOptions().setHasText("wait"));
    assertThat(row).containsText(Pattern.compile("\\d (µs|ms|s)"));
    assertThat(page.locator(".uplot canvas").first()).isVisible();
    assertThat(page.locator(".heat canvas")).isVisible();
    page.waitForFunction(INKED, ".heat > canvas");
    page.waitForFunction(INKED, ".uplot canvas");
  }

  @Test
  void graph_leadsFromTheOperationToTheSlowDevice() {
    open("#/graph");
    Locator waits =
        page.locator(".waits li").filter(new Locator.FilterOptions().setHasText("agent-3"));
    assertThat(waits.first()).containsText("waits for");
    assertThat(page.locator("svg.graph .node.fence").first()).isVisible();
  }

  @Test
  void event_appearsWhileOneLooks() {
    open("#/events");
    assertThat(page.locator(".view-head .live")).hasText("live");
    assertThat(table("Events")).containsText("agent-3");
    String name = "seen-live-" + System.nanoTime();
    workload.createSpace(name);
    assertThat(table("Events")).containsText(name);
  }

  @Test
  void keyboardAlone_reachesEveryView() {
    open("");
    assertThat(table("Hosts")).containsText("host-1");
    page.keyboard().press("Tab");
    assertThat(page.locator(".skip-link")).isFocused();
    for (String[] view : VIEWS) {
      page.keyboard().press(view[1]);
      assertThat(page.locator("h1")).hasText(view[2]);
    }
    page.keyboard().press("?");
    assertThat(page.locator("dialog[open]")).containsText("Keyboard");
    page.keyboard().press("Escape");
    assertThat(page.locator("dialog[open]")).hasCount(0);
    page.keyboard().press("o");
    Locator first = table("Agents").locator(".row").first();
    first.focus();
    page.keyboard().press("ArrowDown");
    assertThat(table("Agents").locator(".row").nth(1)).isFocused();
    page.keyboard().press("Enter");
    assertThat(page.locator("aside.panel")).containsText("agent-2");
  }

  @Test
  void programs_areListedWithTheirDevices() {
    open("#/programs");
    assertThat(table("Programs")).containsText("agent-1/0");
    assertThat(table("Programs")).containsText("random access");
  }

  @Test
  void operator_drainsADeviceAndReturnsIt() {
    open("#/overview/device/agent-2/0");
    Locator panel = panel("device agent-2/0");
    assertThat(panel).containsText("active");
    panel.getByText("Drain", new Locator.GetByTextOptions().setExact(true)).click();
    submitDialog();
    assertThat(panel).containsText(Pattern.compile("draining|drained"));
    panel.getByText("Return", new Locator.GetByTextOptions().setExact(true)).click();
    submitDialog();
    assertThat(panel).containsText("active");
  }

  /** What is done of a program can be read as a whole at the width of a small laptop. */
  @Test
  void progressOfPrograms_isNotCut() {
    open("#/programs");
    Locator labels = table("Programs").locator(".meter-label");
    assertThat(labels.first()).containsText(" of ");
    Object cut =
        labels.evaluateAll("all => all.filter(each => each.scrollWidth > each.clientWidth).length");
    assertThat(cut).isEqualTo(0);
  }

  @Test
  void operator_cancelsAProgram() throws Exception {
    workload.slowDown(Duration.ofMillis(10));
    try {
      String program = workload.submitLong();
      open("#/programs/" + program);
      Locator panel = panel("Program " + program);
      assertThat(panel).containsText("running");
      panel.getByText("Cancel", new Locator.GetByTextOptions().setExact(true)).click();
      submitDialog();
      assertThat(panel).containsText("cancelled");
    } finally {
      workload.slowDown(Duration.ZERO);
    }
  }

  @Test
  void operator_quarantinesAnAgentAndReturnsIt() {
    open("#/overview/agent/agent-2");
    Locator panel = panel("agent agent-2");
    assertThat(panel).containsText("attached");
    panel.getByText("Quarantine", new Locator.GetByTextOptions().setExact(true)).click();
    Locator dialog = page.locator("dialog[open]");
    dialog.getByLabel("Hold in seconds").fill("0");
    dialog.getByLabel("Reason").fill("smells of burning");
    submitDialog();
    assertThat(panel).containsText("quarantined");
    assertThat(panel).containsText("smells of burning");
    assertThat(panel).containsText("until somebody returns it");
    panel.getByText("Return", new Locator.GetByTextOptions().setExact(true)).click();
    submitDialog();
    assertThat(panel).not().containsText("smells of burning");
    assertThat(panel).containsText("attached");
  }

  @Test
  void hostPanel_showsItsPolicy() {
    open("#/overview/host/host-1");
    assertThat(panel("host host-1")).containsText("never by itself");
  }

  @Test
  void pinnedPages_areListedWithTheirOwner() {
    workload.pin("rdma-registration", "ring buffers of the card");
    open("#/holds");
    assertThat(table("Pins")).containsText("rdma-registration");
    assertThat(table("Pins")).containsText("0x7f0000000000");
  }

  private void submitDialog() {
    page.locator("dialog[open] button[type=submit]").click();
    assertThat(page.locator("dialog[open]")).hasCount(0);
  }

  @Test
  void page_forbidsWhatComesFromElsewhere() {
    open("");
    String policy = page.request().get(origin + "/").headers().get("content-security-policy");
    assertThat(policy).contains("default-src 'self'").doesNotContain("unsafe");
  }

  /**
   * What there is to call, from the coordinator alone; {@code nothingComplains} judges the rest.
   */
  @Test
  void documentation_isServedWithoutTheInternet() {
    page = browsing.page(ColorScheme.LIGHT, 1280, 1600);
    page.navigate(origin + "/swagger-ui.html");
    assertThat(page.locator(".info .title")).containsText("Fenceline");
    Locator fences = page.locator(".opblock").filter(path("/api/v1/fences/{fenceId}"));
    fences.locator(".opblock-summary-control").click();
    assertThat(fences.locator(".opblock-body")).containsText("Responses");
    assertThat(fences.locator(".opblock-body .highlight-code").first()).isVisible();
    fences.scrollIntoViewIfNeeded();
    page.screenshot(new Page.ScreenshotOptions().setPath(SCREENSHOTS.resolve("documentation.png")));
    APIResponse answer = page.request().get(origin + "/swagger-ui/index.html");
    assertThat(answer.headers().get("content-security-policy"))
        .contains("default-src 'self'", "style-src 'self' 'unsafe-inline'")
        .doesNotContain("script-src");
  }

  private static Locator.FilterOptions path(String path) {
    return new Locator.FilterOptions().setHasText(path);
  }

  @Test
  void theme_canBeSwitched_andIsRemembered() {
    open("");
    page.keyboard().press("t");
    assertThat(page.locator("html")).hasAttribute("data-theme", "dark");
    page.reload();
    assertThat(page.locator("html")).hasAttribute("data-theme", "dark");
  }

  @Test
  void files_areAskedForAgainAndOnlySentWhenTheyDiffer() {
    open("");
    APIResponse first = page.request().get(origin + "/js/app.js");
    assertThat(first.status()).isEqualTo(200);
    assertThat(first.headers().get("cache-control")).contains("no-cache");
    String tag = first.headers().get("etag");
    APIResponse second =
        page.request()
            .get(origin + "/js/app.js", RequestOptions.create().setHeader("If-None-Match", tag));
    assertThat(second.status()).isEqualTo(304);
  }

  @Test
  void everyView_looksRightInBothThemesAndWidths() {
    for (ColorScheme scheme : List.of(ColorScheme.LIGHT, ColorScheme.DARK)) {
      for (int width : new int[] {1280, 390}) {
        shoot(scheme, width);
      }
    }
  }

  private void shoot(ColorScheme scheme, int width) {
    try (BrowserContext context = browsing.page(scheme, width, width > 800 ? 900 : 844).context()) {
      Page shown = context.pages().getFirst();
      for (String[] view : VIEWS) {
        shown.navigate(origin + "/#/" + view[0]);
        assertThat(shown.locator("h1")).hasText(view[2]);
        assertThat(shown.locator(".spinner")).hasCount(0);
        assertThat(shown.locator(".state[role=alert]")).hasCount(0);
        // A second answer, so that what comes by comparison is there as well.
        shown.waitForResponse(response -> response.url().contains("/api/v1/"), () -> {});
        String name = view[0] + "-" + scheme.name().toLowerCase(Locale.ROOT) + "-" + width + ".png";
        shown.screenshot(new Page.ScreenshotOptions().setPath(SCREENSHOTS.resolve(name)));
        Object overflow = shown.evaluate(OVERFLOW);
        assertThat(overflow).as("%s is wider than %d pixels", name, width).isEqualTo(false);
      }
    }
  }

  private static String space() {
    return "host-1." + workload.spaceId();
  }

  private Locator panel(String label) {
    return page.getByRole(AriaRole.COMPLEMENTARY, new Page.GetByRoleOptions().setName(label));
  }

  private static Locator.FilterOptions slow() {
    return new Locator.FilterOptions().setHasText("0x7f0002000000");
  }
}

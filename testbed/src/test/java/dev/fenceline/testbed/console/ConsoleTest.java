package dev.fenceline.testbed.console;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
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
@Timeout(value = 120, threadMode = ThreadMode.SAME_THREAD)
class ConsoleTest {
  private static final double PATIENCE_MILLIS = 20_000;
  private static final List<ServiceProcess> PROCESSES = new ArrayList<>();

  @TempDir private static Path directory = Path.of("");

  private static Interruption interruption = Interruption.install(Duration.ZERO);
  private static Browsing browsing;
  private static Workload workload;
  private static String origin = "";

  private Page page;

  @BeforeAll
  @Timeout(value = 300, threadMode = ThreadMode.SAME_THREAD)
  static void startServices() throws Exception {
    Installation installation = Installation.current();
    assumeTrue(
        Files.exists(installation.root().resolve("coordinator/target/classpath.txt")),
        "the services are not packaged");
    browsing = Browsing.start();
    PlaywrightAssertions.setDefaultAssertionTimeout(PATIENCE_MILLIS);
    Stack stack =
        Stack.start(installation, StackSpec.of(directory.resolve("run"), 3, 1), interruption);
    PROCESSES.addAll(stack.processes());
    origin = stack.restAddress();
    workload = Workload.start(stack);
  }

  @AfterAll
  @Timeout(value = 120, threadMode = ThreadMode.SAME_THREAD)
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
    assertThat(table("Agents")).containsText(Pattern.compile("of 2 s"));
  }

  @Test
  void pendingFence_namesTheLateDevice() {
    open("#/fences");
    Locator card = page.locator("article.fence").filter(slow());
    assertThat(card.first()).containsText("agent-3/0");
    assertThat(card.first()).containsText("late since");
  }

  private static Locator.FilterOptions slow() {
    return new Locator.FilterOptions().setHasText("0x7f0002000000");
  }
}

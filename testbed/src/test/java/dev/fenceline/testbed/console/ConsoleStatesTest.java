package dev.fenceline.testbed.console;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import dev.fenceline.testbed.console.FakeInstallation.Mode;
import dev.fenceline.testbed.launch.Installation;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/** What the console shows when there is no answer, and what it lets which role do. */
@Tag("browser")
@Timeout(value = 300, threadMode = ThreadMode.SAME_THREAD)
class ConsoleStatesTest {
  private static Browsing browsing;

  private FakeInstallation installation;
  private Page page;

  @BeforeAll
  @Timeout(value = 300, threadMode = ThreadMode.SAME_THREAD)
  static void startBrowser() {
    browsing = Browsing.start();
    PlaywrightAssertions.setDefaultAssertionTimeout(60_000);
  }

  @AfterAll
  @Timeout(value = 120, threadMode = ThreadMode.SAME_THREAD)
  static void stopBrowser() {
    if (browsing != null) {
      browsing.close();
    }
  }

  @BeforeEach
  void startInstallation() throws Exception {
    Path root = Installation.current().root();
    installation = FakeInstallation.start(root.resolve("coordinator/src/main/resources/static"));
  }

  @AfterEach
  void stopInstallation(TestInfo test) {
    if (page != null) {
      String name = "state-" + test.getTestMethod().orElseThrow().getName() + ".png";
      page.screenshot(new Page.ScreenshotOptions().setPath(Path.of("target", "screenshots", name)));
      page.context().close();
    }
    installation.close();
    assertThat(browsing.complaints()).allMatch(each -> each.startsWith("request: "));
  }

  private void open(String place) {
    page = browsing.page(ColorScheme.DARK, 1280, 900);
    page.navigate(installation.origin() + "/" + place);
  }

  private Locator button(String name) {
    return page.getByRole(
        AriaRole.BUTTON, new Page.GetByRoleOptions().setName(name).setExact(true));
  }

  @Test
  void recoveringCoordinator_isNotShownAsEmpty() {
    installation.answerAs(Mode.RECOVERING);
    open("");
    assertThat(page.locator(".notice")).containsText("Recovering");
    assertThat(page.locator(".state-title")).hasText("The coordinator is rebuilding its state");
    assertThat(page.locator("main")).not().containsText("No host");
    installation.answerAs(Mode.READY);
    assertThat(page.locator(".tiles")).containsText("1,000");
    assertThat(page.locator(".notice")).hasCount(0);
  }

  @Test
  void failureAfterAnAnswer_keepsWhatWasAnsweredAndSaysSo() {
    open("");
    assertThat(page.locator(".tiles")).containsText("1,000");
    installation.answerAs(Mode.FAILING);
    assertThat(page.locator(".notice")).containsText("host-1 did not answer within 2000 ms");
    assertThat(page.locator(".tiles")).containsText("1,000");
  }

  @Test
  void coordinatorThatIsGone_isSaidToBeGone() {
    open("");
    assertThat(page.locator(".tiles")).containsText("1,000");
    installation.close();
    assertThat(page.locator(".top .live")).containsText("No connection");
    assertThat(page.locator(".notice.bad")).containsText("The coordinator does not answer");
  }

  @Test
  void stranger_signsInAndOut() {
    installation.setRole(null);
    open("");
    assertThat(page.locator(".state-title")).hasText("Sign in to see this");
    page.locator(".state").getByText("Sign in").last().click();
    Locator dialog = page.locator("dialog[open]");
    dialog.getByLabel("Token").fill("wrong");
    page.keyboard().press("Enter");
    assertThat(dialog).containsText("This token is not known here.");
    dialog.getByLabel("Token").fill("viewer");
    page.keyboard().press("Enter");
    assertThat(page.locator(".tiles")).containsText("1,000");
    assertThat(page.locator(".who")).containsText("viewer");
    button("Sign out").click();
    assertThat(page.locator(".state-title")).hasText("Sign in to see this");
    assertThat(page.locator(".tiles")).hasCount(0);
  }

  @Test
  void viewer_isOfferedNoActions() {
    installation.setRole("viewer");
    open("#/overview/agent/agent-3");
    assertThat(page.locator("aside.panel")).containsText("Leases");
    assertThat(button("Drain")).hasCount(0);
    assertThat(button("Quarantine")).hasCount(0);
  }

  @Test
  void operator_isAskedBeforeAnAgentIsQuarantined() {
    open("#/overview/agent/agent-3");
    button("Quarantine").click();
    Locator dialog = page.locator("dialog[open]");
    assertThat(dialog).containsText("Quarantine agent-3?");
    assertThat(installation.writes()).isEmpty();
    dialog.getByLabel("Reason").fill("burns");
    dialog.getByRole(AriaRole.BUTTON).last().click();
    assertThat(page.locator(".toast")).containsText("agent-3 is quarantined");
    assertThat(installation.writes())
        .containsExactly(
            "POST /api/v1/agents/agent-3/quarantine {\"holdSeconds\":300,\"reason\":\"burns\"}");
  }

  @Test
  void operator_whoThinksBetterOfIt_changesNothing() {
    open("#/overview/agent/agent-3");
    button("Drain").click();
    page.keyboard().press("Escape");
    assertThat(page.locator("dialog[open]")).hasCount(0);
    assertThat(installation.writes()).isEmpty();
  }

  @Test
  void circleOfWaits_isMarked() {
    open("#/graph");
    assertThat(page.locator(".notice.bad")).containsText("A circle of waits");
    assertThat(page.locator(".edge.bad")).hasCount(3);
    assertThat(page.locator(".node.cyclic")).hasCount(3);
    assertThat(page.locator(".node")).hasCount(4);
  }

  @Test
  void strangeAddress_isRefusedInPlace() {
    open("#/map");
    Locator field = page.getByLabel("Go to an address, a range a-b or a+length");
    field.fill("nowhere");
    page.keyboard().press("Enter");
    Object valid = field.evaluate("element => element.checkValidity()");
    assertThat(valid).isEqualTo(false);
    field.fill("0x7e0000000000+16p");
    page.keyboard().press("Enter");
    assertThat(page.locator(".map-range .muted")).containsText("KiB");
  }
}

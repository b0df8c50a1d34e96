package dev.fenceline.testbed.console;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.ConsoleMessage;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.Request;
import com.microsoft.playwright.options.ColorScheme;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.opentest4j.TestAbortedException;

/**
 * Chromium, as the system's package installs it, and what its pages complained about. Confined to
 * one thread.
 */
public final class Browsing implements AutoCloseable {
  private static final List<String> PLACES =
      List.of("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome");

  /** Part of each of the browser's own messages about requests that were answered by an error. */
  private static final String FAILED_REQUEST = "Failed to load resource";

  private static final double PATIENCE_MILLIS = 60_000;

  private final Playwright playwright;
  private final Browser browser;
  private final List<String> complaints = new ArrayList<>();
  private final List<String> requests = new ArrayList<>();

  private Browsing(Playwright playwright, Browser browser) {
    this.playwright = playwright;
    this.browser = browser;
  }

  /**
   * Starts the browser.
   *
   * @throws TestAbortedException if there is none and nobody insists on it
   */
  public static Browsing start() {
    Optional<Path> chromium = PLACES.stream().map(Path::of).filter(Files::isExecutable).findFirst();
    if (chromium.isEmpty()) {
      String words = "NO CHROMIUM: the console is not tested here (apt-get install chromium)";
      System.err.println(words);
      if ("true".equals(System.getenv("CI"))) {
        throw new AssertionError(words);
      }
      throw new TestAbortedException(words);
    }
    Playwright playwright =
        Playwright.create(
            new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
    BrowserType.LaunchOptions options =
        new BrowserType.LaunchOptions()
            .setExecutablePath(chromium.get())
            .setTimeout(2 * PATIENCE_MILLIS)
            .setArgs(List.of("--no-sandbox"));
    return new Browsing(playwright, playwright.chromium().launch(options));
  }

  /** A page of its own profile, with English dates and no motion to wait for. */
  public Page page(ColorScheme scheme, int width, int height) {
    BrowserContext context =
        browser.newContext(
            new Browser.NewContextOptions()
                .setColorScheme(scheme)
                .setLocale("en-GB")
                .setViewportSize(width, height));
    context.setDefaultTimeout(PATIENCE_MILLIS);
    context.setDefaultNavigationTimeout(PATIENCE_MILLIS);
    Page page = context.newPage();
    page.onConsoleMessage(this::note);
    page.onPageError(error -> complaints.add("script: " + error));
    page.onRequest(request -> requests.add(request.url()));
    page.onRequestFailed(this::noteFailure);
    return page;
  }

  private void note(ConsoleMessage message) {
    boolean bad = message.type().equals("error") || message.type().equals("warning");
    if (bad && !message.text().startsWith(FAILED_REQUEST)) {
      complaints.add(message.type() + ": " + message.text());
    }
  }

  private void noteFailure(Request request) {
    if (!String.valueOf(request.failure()).contains("ERR_ABORTED")) {
      complaints.add("request: " + request.url() + " " + request.failure());
    }
  }

  /** Errors and warnings of scripts, and of the content security policy. */
  public List<String> complaints() {
    return List.copyOf(complaints);
  }

  /** Requests to anybody but this origin. */
  List<String> requestsElsewhere(String origin) {
    return requests.stream().filter(url -> !sameOrigin(origin, url)).toList();
  }

  private static boolean sameOrigin(String origin, String url) {
    URI uri = URI.create(url);
    return (uri.getScheme() + "://" + uri.getAuthority()).equals(origin);
  }

  @Override
  public void close() {
    browser.close();
    playwright.close();
  }
}

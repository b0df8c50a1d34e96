package dev.fenceline.registration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fenceline.registry.v1.CoordinatorUpdate;
import dev.fenceline.registry.v1.NodeReport;
import io.grpc.ManagedChannel;
import io.grpc.inprocess.InProcessChannelBuilder;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A node before several coordinators that come, go, and have several addresses. */
class RegistryLinksTest {
  private static final String ONE = "10.0.0.1:9090";
  private static final String TWO = "10.0.0.2:9090";

  /** What the name server says; empty: there is no such name. */
  private volatile List<String> addresses = List.of();

  private final List<CoordinatorUpdate> updates = new CopyOnWriteArrayList<>();

  private final RegistryLinks links =
      new RegistryLinks(
          List.of(CoordinatorTarget.parse("registry:9090")),
          this::lookUp,
          RegistryLinksTest::dial,
          () -> NodeReport.newBuilder().setNodeId("node").build(),
          updates::add,
          new SplittableRandom(7));

  @AfterEach
  void closeLinks() {
    links.close();
  }

  private List<InetAddress> lookUp(String name) throws UnknownHostException {
    if (addresses.isEmpty()) {
      throw new UnknownHostException(name);
    }
    return addresses.stream().map(RegistryLinksTest::literal).toList();
  }

  private static InetAddress literal(String address) {
    return InetAddress.ofLiteral(address);
  }

  private static ManagedChannel dial(String address) {
    return InProcessChannelBuilder.forName(address).directExecutor().build();
  }

  @Test
  void coordinatorOfTwoThatDies_leavesTheOtherWithReports() throws Exception {
    addresses = List.of("10.0.0.1", "10.0.0.2");
    try (FakeRegistry one = new FakeRegistry(1, ONE);
        FakeRegistry two = new FakeRegistry(2, TWO)) {
      links.start();
      await("both hear the node", () -> links.up().equals(List.of(ONE, TWO)));

      one.close();

      await("the loss is noticed", () -> links.up().equals(List.of(TWO)));
      int before = two.reports().size();
      await("reports go on", () -> two.reports().size() > before + 3);
      assertThat(two.streams()).isEqualTo(1);
      try (FakeRegistry again = new FakeRegistry(3, ONE)) {
        await("its successor hears the node", () -> !again.reports().isEmpty());
      }
    }
  }

  @Test
  void nameThatIsKnownLaterAndGrows_isFollowed() throws Exception {
    try (FakeRegistry one = new FakeRegistry(1, ONE);
        FakeRegistry two = new FakeRegistry(2, TWO)) {
      links.start();
      addresses = List.of("10.0.0.1");
      await("the first is linked", () -> links.up().equals(List.of(ONE)));
      addresses = List.of("10.0.0.2", "10.0.0.1");
      await("so is the second", () -> links.up().equals(List.of(ONE, TWO)));
      addresses = List.of("10.0.0.2");
      int before = one.reports().size();
      await("who answers is not left", () -> one.reports().size() > before + 3);
      assertThat(one.streams()).isEqualTo(1);
    }
  }

  @Test
  void twoAddressesOfOneProcess_areLinkedOnce() throws Exception {
    addresses = List.of("10.0.0.1", "10.0.0.2");
    try (FakeRegistry one = new FakeRegistry(1, ONE, TWO)) {
      links.start();
      await("one is linked", () -> links.up().size() == 1 && one.streams() > 1);
      await("the stream stays", () -> settled(one));
      assertThat(links.up()).hasSize(1);
    }
  }

  /** Whether a hundred reports come without another stream. */
  private static boolean settled(FakeRegistry registry) {
    int streams = registry.streams();
    int reports = registry.reports().size();
    await("reports go on", () -> registry.reports().size() > reports + 100);
    return registry.streams() == streams;
  }

  @Test
  void secondFamilyOfAddresses_isNotDialled() throws Exception {
    addresses = List.of("10.0.0.1", "fd00::1");
    try (FakeRegistry one = new FakeRegistry(1, ONE)) {
      links.start();
      await("it is linked", () -> links.up().equals(List.of(ONE)));
      assertThat(CoordinatorTarget.parse("registry:9090").addresses(this::lookUp))
          .containsExactly(ONE);
    }
  }

  @Test
  void close_saysGoodbyeToAll() throws Exception {
    addresses = List.of("10.0.0.1", "10.0.0.2");
    try (FakeRegistry one = new FakeRegistry(1, ONE);
        FakeRegistry two = new FakeRegistry(2, TWO)) {
      links.start();
      await("both hear the node", () -> links.up().size() == 2);

      links.close();

      await("both hear the goodbye", () -> one.saidGoodbye() && two.saidGoodbye());
    }
  }

  @Test
  void targetWithoutPort_isRefused() {
    assertThatThrownBy(() -> CoordinatorTarget.parse("registry"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'registry'")
        .hasMessageContaining("host:port");
  }

  private static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("waited in vain until " + what);
      }
      pause();
    }
  }

  private static void pause() {
    try {
      Thread.sleep(5);
    } catch (InterruptedException e) {
      throw new AssertionError("interrupted", e);
    }
  }
}

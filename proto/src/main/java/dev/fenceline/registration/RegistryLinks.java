package dev.fenceline.registration;

import dev.fenceline.registry.v1.CoordinatorUpdate;
import dev.fenceline.registry.v1.NodeReport;
import io.grpc.ManagedChannel;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The links of a node to all coordinators: one for each address behind the configured names, so
 * that each coordinator knows the whole installation by itself. Thread-safe; its state is guarded
 * by its lock.
 *
 * <p>Names are looked up again every few seconds: a headless Service names another set of pods
 * after each of their restarts. An address that is no longer named keeps its link as long as it
 * answers.
 */
public final class RegistryLinks implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RegistryLinks.class);
  private static final long LOOK_MILLIS = 2_000;

  private final List<CoordinatorTarget> targets;
  private final AddressLookup lookup;
  private final Function<String, ManagedChannel> dialer;
  private final Supplier<NodeReport> reports;
  private final Consumer<CoordinatorUpdate> listener;
  private final SplittableRandom random;
  private final ScheduledExecutorService timer = daemon("fenceline-registry");

  /** Apart from the timer: a look-up may wait for a name server, reports may not. */
  private final ScheduledExecutorService looker = daemon("fenceline-registry-look");

  private final Object lock = new Object();

  // Guarded by the lock.
  private final TreeMap<String, Entry> entries = new TreeMap<>();
  private boolean closed;

  /** Names that could not be looked up last time; confined to the looker. */
  private final Set<CoordinatorTarget> unknown = new LinkedHashSet<>();

  /** What is known of one address. Guarded by the lock. */
  private static final class Entry {
    /** Null while another address leads to the same process. */
    @Nullable RegistryLink link;

    /** The coordinator's boot token when it last answered here; 0 before. */
    long bootToken;
  }

  /**
   * @param targets where coordinators are; may be empty
   * @param dialer makes a channel to an address, as {@code 10.0.0.7:9090}
   * @param reports as of {@link RegistryLink}; asked once per coordinator and interval
   * @param listener gets the updates of all coordinators, from several threads
   * @param random jitter of the redials
   */
  public RegistryLinks(
      List<CoordinatorTarget> targets,
      AddressLookup lookup,
      Function<String, ManagedChannel> dialer,
      Supplier<NodeReport> reports,
      Consumer<CoordinatorUpdate> listener,
      SplittableRandom random) {
    this.targets = List.copyOf(targets);
    this.lookup = lookup;
    this.dialer = dialer;
    this.reports = reports;
    this.listener = listener;
    this.random = random;
  }

  private static ScheduledExecutorService daemon(String name) {
    return Executors.newSingleThreadScheduledExecutor(
        Thread.ofPlatform().daemon().name(name).factory());
  }

  /** Looks the names up and dials, in the background; once. */
  public void start() {
    if (!targets.isEmpty()) {
      looker.scheduleWithFixedDelay(this::lookAgain, 0, LOOK_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  /** The addresses whose coordinator answers. */
  public List<String> up() {
    List<String> up = new ArrayList<>();
    synchronized (lock) {
      entries.forEach(
          (address, entry) -> {
            if (entry.link != null && entry.link.isUp()) {
              up.add(address);
            }
          });
    }
    return up;
  }

  /** Says goodbye to all, gives that a bounded time, and ends. */
  @Override
  public void close() {
    looker.shutdownNow();
    List<RegistryLink> links = new ArrayList<>();
    synchronized (lock) {
      closed = true;
      for (Entry entry : entries.values()) {
        if (entry.link != null) {
          links.add(entry.link);
        }
      }
    }
    links.forEach(RegistryLink::leave); // all hear it before anybody is waited for
    links.forEach(RegistryLink::close);
    timer.shutdownNow();
  }

  private void lookAgain() {
    try {
      look();
    } catch (RuntimeException e) {
      LOG.error("a look for coordinators failed; looking on", e); // else the timer ends in silence
    }
  }

  private void look() {
    Set<String> named = new LinkedHashSet<>();
    for (CoordinatorTarget target : targets) {
      try {
        named.addAll(target.addresses(lookup));
        unknown.remove(target);
      } catch (UnknownHostException e) {
        if (unknown.add(target)) { // told once
          LOG.info("no address of coordinator '{}': {}; looking on", target.name(), e.getMessage());
        }
      }
    }
    synchronized (lock) {
      if (!closed) {
        retire(named);
        named.forEach(this::connect);
      }
    }
  }

  /** Lets go of addresses that are no longer named, unless a name server is at fault. */
  private void retire(Set<String> named) {
    Iterator<Map.Entry<String, Entry>> known = entries.entrySet().iterator();
    while (unknown.isEmpty() && known.hasNext()) {
      Map.Entry<String, Entry> next = known.next();
      String address = next.getKey();
      RegistryLink link = next.getValue().link;
      if (!named.contains(address) && (link == null || !link.isUp())) {
        known.remove();
        LOG.info("there is no coordinator at {} any more", address);
        if (link != null) {
          link.abandon();
        }
      }
    }
  }

  private void connect(String address) {
    Entry entry = entries.computeIfAbsent(address, unused -> new Entry());
    if (entry.link == null && !answersElsewhere(entry)) {
      entry.bootToken = 0;
      RegistryLink link =
          new RegistryLink(
              dialer.apply(address),
              reports,
              update -> heard(entry, address, update),
              timer,
              random.split());
      entry.link = link;
      link.start();
    }
  }

  private void heard(Entry entry, String address, CoordinatorUpdate update) {
    RegistryLink doubled = null;
    synchronized (lock) {
      entry.bootToken = update.getCoordinatorBootToken();
      if (answersElsewhere(entry)) {
        doubled = entry.link;
        entry.link = null;
      }
    }
    if (doubled != null) {
      // A node has one stream at a coordinator: a second one would end the first, and so on.
      LOG.info("{} leads to a coordinator that is linked already", address);
      doubled.abandon();
    }
    listener.accept(update);
  }

  private boolean answersElsewhere(Entry entry) {
    return entry.bootToken != 0
        && entries.values().stream()
            .anyMatch(
                other ->
                    other != entry && other.link != null && other.bootToken == entry.bootToken);
  }
}

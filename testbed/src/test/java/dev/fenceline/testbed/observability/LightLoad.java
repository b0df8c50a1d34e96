package dev.fenceline.testbed.observability;

import dev.fenceline.client.DeviceClient;
import dev.fenceline.client.DeviceProgram;
import dev.fenceline.client.HostClient;
import dev.fenceline.client.Mapping;
import dev.fenceline.client.PinSpec;
import dev.fenceline.client.RefusedException;
import dev.fenceline.client.ServiceChannel;
import dev.fenceline.client.SpaceClient;
import dev.fenceline.device.v1.Delays;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.Errno;
import dev.fenceline.model.NotificationMode;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import dev.fenceline.testbed.launch.Stack;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A few operations of every kind, over and over: faults, transfers, invalidations of both modes
 * that wait, try and have a deadline, questions over REST. One thread of its own.
 */
final class LightLoad implements AutoCloseable {
  private static final long BASE = 0x10_0000_0000L;
  private static final long BYTES = 16 * 4096L;
  private static final Duration BOUND = Duration.ofSeconds(60);
  private static final long SLOW_DRAIN_NANOS = 2_000_000;

  private static final DeviceId MIGRATES_TO = new DeviceId("agent-1", 0);

  private final List<ServiceChannel> channels = new ArrayList<>();
  private final HostClient host;
  private final List<DeviceClient> devices = new ArrayList<>();
  private final String rest;
  private final HttpClient http = HttpClient.newHttpClient();
  private final AtomicLong rounds = new AtomicLong();
  private final Thread thread = new Thread(this::run, "light-load");
  private volatile boolean stopped;
  private volatile @Nullable Throwable failure;

  private LightLoad(Stack stack) {
    this.rest = stack.restAddress();
    this.host = new HostClient(channel(stack.host().grpcAddress()), BOUND);
    stack
        .agents()
        .forEach(agent -> devices.add(new DeviceClient(channel(agent.grpcAddress()), BOUND)));
  }

  static LightLoad on(Stack stack) {
    LightLoad load = new LightLoad(stack);
    load.thread.start();
    return load;
  }

  private ServiceChannel channel(String address) {
    ServiceChannel channel = ServiceChannel.to(address);
    channels.add(channel);
    return channel;
  }

  /** Rounds that ended; throws what broke the load. */
  long rounds() {
    if (failure != null) {
      throw new AssertionError("the load broke", failure);
    }
    return rounds.get();
  }

  private void run() {
    try {
      awaitAttached();
      // Slow enough that whoever does not wait long backs off.
      devices.getLast().setDelays(0, Delays.newBuilder().setDrainNanos(SLOW_DRAIN_NANOS).build());
      SpaceClient split = host.createSpace("split", NotificationMode.SPLIT);
      SpaceClient classic = host.createSpace("classic", NotificationMode.SEQUENTIAL);
      while (!stopped) {
        round(split);
        round(classic);
        for (String path : List.of("/api/v1/address-spaces", "/api/v1/fences", "/api/v1/devices")) {
          http.send(
              HttpRequest.newBuilder(URI.create(rest + path)).build(),
              HttpResponse.BodyHandlers.discarding());
        }
        rounds.incrementAndGet();
        Thread.sleep(50); // a light load
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Exception e) {
      if (!stopped) {
        failure = e;
      }
    }
  }

  /** An agent is ready before a host is there that it could attach to. */
  private void awaitAttached() throws InterruptedException {
    for (DeviceClient device : devices) {
      while (device.agent().getHostsList().stream()
          .noneMatch(link -> link.getState().equals("attached"))) {
        Thread.sleep(100); // bounded by whoever waits for the first rounds
      }
    }
  }

  private void round(SpaceClient space) {
    space.map(Mapping.at(BASE, BYTES, Protection.READ_WRITE), WaitPolicy.BLOCK);
    space.write(BASE, new byte[64]);
    for (WaitPolicy wait : waits()) {
      fillOnAll(space);
      space.read(BASE, 64);
      invalidate(space, wait);
    }
    fillOnAll(space);
    moveAndPin(space);
    space.protect(BASE, BYTES, Protection.READ, WaitPolicy.BLOCK);
    space.unmap(BASE, BYTES, WaitPolicy.BLOCK);
  }

  private static void invalidate(SpaceClient space, WaitPolicy wait) {
    try {
      space.invalidate(BASE, BYTES, wait);
    } catch (RefusedException e) {
      if (e.errno() != Errno.EAGAIN) {
        throw e; // a try does not wait for pages that are being swapped out
      }
    }
  }

  /** To a device's memory, and home again as the CPU reads it. */
  private void moveAndPin(SpaceClient space) {
    long pin = space.pin(BASE, 4096, new PinSpec(true, false, "light-load", "a transfer"));
    space.migrate(BASE + BYTES / 2, BYTES / 4, MIGRATES_TO);
    devices.getFirst().run(0, space.id(), new DeviceProgram.Fill(BASE + BYTES / 2, BYTES / 4, 9));
    space.read(BASE + BYTES / 2, 64);
    host.unpin(pin);
  }

  private static List<WaitPolicy> waits() {
    return List.of(WaitPolicy.BLOCK, WaitPolicy.TRY, new WaitPolicy.Deadline(SLOW_DRAIN_NANOS / 4));
  }

  private void fillOnAll(SpaceClient space) {
    for (DeviceClient device : devices) {
      device.run(0, space.id(), new DeviceProgram.Fill(BASE, BYTES, 7));
    }
  }

  @Override
  public void close() {
    stopped = true;
    thread.interrupt();
    try {
      thread.join(BOUND.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    channels.forEach(ServiceChannel::close);
    http.close();
  }
}

package dev.fenceline.testbed.observability;

import dev.fenceline.common.v1.NotificationMode;
import dev.fenceline.common.v1.Protection;
import dev.fenceline.common.v1.WaitPolicy;
import dev.fenceline.device.v1.Delays;
import dev.fenceline.device.v1.Fill;
import dev.fenceline.device.v1.RunProgramRequest;
import dev.fenceline.space.v1.InvalidateRequest;
import dev.fenceline.space.v1.MapRequest;
import dev.fenceline.space.v1.ProtectRequest;
import dev.fenceline.space.v1.UnmapRequest;
import dev.fenceline.testbed.client.AddressSpaceClient;
import dev.fenceline.testbed.client.DeviceClient;
import dev.fenceline.testbed.client.ServiceChannel;
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
  private static final Duration BOUND = Duration.ofSeconds(30);
  private static final long SLOW_DRAIN_NANOS = 2_000_000;

  private final List<ServiceChannel> channels = new ArrayList<>();
  private final AddressSpaceClient spaces;
  private final List<DeviceClient> devices = new ArrayList<>();
  private final String rest;
  private final HttpClient http = HttpClient.newHttpClient();
  private final AtomicLong rounds = new AtomicLong();
  private final Thread thread = new Thread(this::run, "light-load");
  private volatile boolean stopped;
  private volatile @Nullable Throwable failure;

  private LightLoad(Stack stack) {
    this.rest = stack.restAddress();
    this.spaces = new AddressSpaceClient(channel(stack.host().grpcAddress()), BOUND);
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
      // Slow enough that whoever does not wait long backs off.
      devices.getLast().setDelays(0, Delays.newBuilder().setDrainNanos(SLOW_DRAIN_NANOS).build());
      long split = spaces.create("split", NotificationMode.NOTIFICATION_MODE_SPLIT);
      long classic = spaces.create("classic", NotificationMode.NOTIFICATION_MODE_SEQUENTIAL);
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

  private void round(long space) {
    Protection readWrite = Protection.newBuilder().setRead(true).setWrite(true).build();
    spaces.map(
        MapRequest.newBuilder()
            .setSpaceId(space)
            .setAddress(BASE)
            .setLength(BYTES)
            .setProtection(readWrite)
            .setPlacement(MapRequest.Placement.PLACEMENT_FIXED)
            .build());
    spaces.write(space, BASE, new byte[64]);
    for (WaitPolicy wait : waits()) {
      fillOnAll(space);
      spaces.read(space, BASE, 64);
      spaces.invalidate(
          InvalidateRequest.newBuilder()
              .setSpaceId(space)
              .setAddress(BASE)
              .setLength(BYTES)
              .setWait(wait)
              .build());
    }
    fillOnAll(space);
    spaces.protect(
        ProtectRequest.newBuilder()
            .setSpaceId(space)
            .setAddress(BASE)
            .setLength(BYTES)
            .setProtection(Protection.newBuilder().setRead(true))
            .build());
    spaces.unmap(
        UnmapRequest.newBuilder().setSpaceId(space).setAddress(BASE).setLength(BYTES).build());
  }

  private static List<WaitPolicy> waits() {
    return List.of(
        WaitPolicy.newBuilder().setMode(WaitPolicy.Mode.MODE_BLOCK).build(),
        WaitPolicy.newBuilder().setMode(WaitPolicy.Mode.MODE_TRY).build(),
        WaitPolicy.newBuilder()
            .setMode(WaitPolicy.Mode.MODE_DEADLINE)
            .setDeadlineNanos(SLOW_DRAIN_NANOS / 4)
            .build());
  }

  private void fillOnAll(long space) {
    for (DeviceClient device : devices) {
      device.run(
          RunProgramRequest.newBuilder()
              .setDeviceIndex(0)
              .setSpaceId(space)
              .setFill(Fill.newBuilder().setAddress(BASE).setLength(BYTES).setWord(7))
              .build());
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

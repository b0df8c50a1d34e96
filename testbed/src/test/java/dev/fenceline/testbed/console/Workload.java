package dev.fenceline.testbed.console;

import dev.fenceline.client.CallFailedException;
import dev.fenceline.client.DeviceClient;
import dev.fenceline.client.HostClient;
import dev.fenceline.client.Mapping;
import dev.fenceline.client.PinSpec;
import dev.fenceline.client.RefusedException;
import dev.fenceline.client.ServiceChannel;
import dev.fenceline.client.SpaceClient;
import dev.fenceline.device.v1.Delays;
import dev.fenceline.device.v1.Fill;
import dev.fenceline.device.v1.RandomAccess;
import dev.fenceline.device.v1.RunProgramRequest;
import dev.fenceline.model.NotificationMode;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import dev.fenceline.testbed.launch.Stack;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.json.JsonMapper;

/**
 * Something to look at: two devices that work at random on memory that is invalidated all the time,
 * and a third one that takes seconds to drain. Started and closed by one thread.
 */
final class Workload implements AutoCloseable {
  static final long WEIGHTS = 0x7f00_0000_0000L;
  static final long ACTIVATIONS = 0x7f00_0100_0000L;
  static final long SLOW = 0x7f00_0200_0000L;
  static final long HEAP = 0x0000_1000_0000L;
  static final int PAGE = 4096;
  static final long SLOW_PAGES = 16;

  /** Longer than a look at the page takes, shorter than what a lease permits. */
  private static final Duration SLOW_DRAIN = Duration.ofMillis(1800);

  /** The slow device is to stay, however often its fences are overdue. */
  private static final String POLICY =
      """
      {"quarantineStrikes": 0, "quarantineWindowSeconds": 60, "quarantineHoldSeconds": 30,
       "quarantineGreatestHoldSeconds": 600, "defaultNotificationMode": "split"}
      """;

  private static final long ACTIVATION_PAGES = 256;
  private static final Duration BOUND = Duration.ofSeconds(60);

  private final List<ServiceChannel> channels = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final String rest;
  private final HostClient host;
  private final List<DeviceClient> agents = new ArrayList<>();
  private final SpaceClient space;

  private Workload(Stack stack) {
    rest = stack.restAddress();
    host = new HostClient(dial(stack.host().grpcAddress()), BOUND);
    stack.agents().forEach(each -> agents.add(new DeviceClient(dial(each.grpcAddress()), BOUND)));
    space = host.createSpace("training", NotificationMode.SPLIT);
  }

  private ServiceChannel dial(String address) {
    ServiceChannel channel = ServiceChannel.to(address);
    channels.add(channel);
    return channel;
  }

  /** Begins; agents 1 and 2 are quick, agent 3 is slow. */
  static Workload start(Stack stack) throws IOException, InterruptedException {
    setPolicy(stack.restAddress());
    Workload workload = new Workload(stack);
    workload.prepare();
    workload.begin();
    return workload;
  }

  /** As soon as the coordinator has recovered. */
  private static void setPolicy(String rest) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(rest + "/api/v1/hosts/host-1/policy"))
            .header("Content-Type", "application/json")
            .PUT(HttpRequest.BodyPublishers.ofString(POLICY))
            .build();
    long deadline = System.nanoTime() + BOUND.toNanos();
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
      while (answer.statusCode() != 200) {
        if (System.nanoTime() - deadline > 0) {
          throw new IOException("the policy was refused: " + answer.body());
        }
        Thread.sleep(100);
        answer = client.send(request, HttpResponse.BodyHandlers.ofString());
      }
    }
  }

  private void prepare() {
    map(WEIGHTS, 1024 * PAGE);
    map(ACTIVATIONS, ACTIVATION_PAGES * PAGE);
    map(SLOW, SLOW_PAGES * PAGE);
    map(HEAP, 64 * PAGE);
    SpaceClient other = host.createSpace("inference", NotificationMode.SEQUENTIAL);
    map(other, WEIGHTS, 32 * PAGE);
    agents.get(2).setDelays(0, Delays.newBuilder().setDrainNanos(SLOW_DRAIN.toNanos()).build());
  }

  /** The address space that everybody works in. */
  long spaceId() {
    return space.id();
  }

  /** How long each of its DMA requests takes agent-1's device; makes a short program long. */
  void slowDown(Duration dma) {
    agents.getFirst().setDelays(0, Delays.newBuilder().setDmaNanos(dma.toNanos()).build());
  }

  /** A program that takes minutes on a device that was slowed down; its id over REST. */
  String submitLong() throws IOException, InterruptedException {
    String body =
        """
        {"device": "agent-1/0", "space": "host-1.%d", "kind": "random-access",
         "address": "0x%x", "length": %d, "operations": 65536, "writePercent": 0,
         "seed": "1", "writer": 9, "firstCounter": 1, "deadlineSeconds": 120}
        """
            .formatted(space.id(), HEAP, 64 * PAGE);
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(rest + "/api/v1/programs"))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    try (HttpClient client = HttpClient.newHttpClient()) {
      String answer = client.send(request, HttpResponse.BodyHandlers.ofString()).body();
      String id = new JsonMapper().readTree(answer).path("id").asString("");
      if (id.isEmpty()) {
        throw new IOException("the program was refused: " + answer);
      }
      return id;
    }
  }

  /** Pins the first pages of the weights. */
  void pin(String owner, String reason) {
    space.pin(WEIGHTS, 4 * PAGE, new PinSpec(true, true, owner, reason));
  }

  void createSpace(String name) {
    host.createSpace(name, NotificationMode.SPLIT);
  }

  private void map(long address, long length) {
    map(space, address, length);
  }

  private static void map(SpaceClient space, long address, long length) {
    space.map(Mapping.at(address, length, Protection.READ_WRITE), WaitPolicy.BLOCK);
  }

  private void begin() {
    repeat("quick-1", 20, round -> work(0, round));
    repeat("quick-2", 20, round -> work(1, round));
    repeat("reclaim", 40, this::reclaimActivations);
    repeat("slow", 600, this::invalidateSlow);
  }

  private void work(int agent, long round) {
    agents
        .get(agent)
        .run(
            request()
                .setRandomAccess(
                    RandomAccess.newBuilder()
                        .setAddress(ACTIVATIONS)
                        .setLength(ACTIVATION_PAGES * PAGE)
                        .setOperations(4000)
                        .setWritePercent(20)
                        .setSeed(round)
                        .setWriter(agent + 1)
                        .setFirstCounter(round * 4000 + 1))
                .build());
  }

  private void reclaimActivations(long round) {
    invalidate(ACTIVATIONS + (round * 8 % ACTIVATION_PAGES) * PAGE, 8 * PAGE);
  }

  /** The slow device takes the pages, and is asked for them again. */
  private void invalidateSlow(long round) {
    for (int agent : new int[] {0, 2}) {
      Fill fill =
          Fill.newBuilder().setAddress(SLOW).setLength(SLOW_PAGES * PAGE).setWord(round).build();
      agents.get(agent).run(request().setFill(fill).build());
    }
    invalidate(SLOW, SLOW_PAGES * PAGE);
  }

  private RunProgramRequest.Builder request() {
    return RunProgramRequest.newBuilder().setDeviceIndex(0).setSpaceId(space.id());
  }

  private void invalidate(long address, long length) {
    space.invalidate(address, length, WaitPolicy.BLOCK);
  }

  private interface Round {
    void run(long number);
  }

  private void repeat(String name, long pauseMillis, Round round) {
    Runnable loop =
        () -> {
          long number = 0;
          do {
            attempt(round, number++);
          } while (!pausedAndStopped(pauseMillis));
        };
    threads.add(Thread.ofPlatform().daemon().name("console-" + name).start(loop));
  }

  /** Operators drain and quarantine devices in the middle of it: what is refused is tried again. */
  private static void attempt(Round round, long number) {
    try {
      round.run(number);
    } catch (RefusedException | CallFailedException refused) {
      // The next round follows.
    }
  }

  private boolean pausedAndStopped(long pauseMillis) {
    try {
      return stopped.await(pauseMillis, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      return true;
    }
  }

  /** Ends once the operations under way have ended. */
  @Override
  public void close() throws InterruptedException {
    stopped.countDown();
    for (Thread thread : threads) {
      thread.join(BOUND);
    }
    channels.forEach(ServiceChannel::close);
  }
}

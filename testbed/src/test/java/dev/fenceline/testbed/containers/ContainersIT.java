package dev.fenceline.testbed.containers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.client.CallFailedException;
import dev.fenceline.client.DeviceClient;
import dev.fenceline.client.HostClient;
import dev.fenceline.client.Mapping;
import dev.fenceline.client.OperationOutcome;
import dev.fenceline.client.ServiceChannel;
import dev.fenceline.client.SpaceClient;
import dev.fenceline.common.v1.Errno;
import dev.fenceline.device.v1.AtomicAdd;
import dev.fenceline.device.v1.Checksum;
import dev.fenceline.device.v1.Fill;
import dev.fenceline.device.v1.ProgramResult;
import dev.fenceline.device.v1.RunProgramRequest;
import dev.fenceline.model.NotificationMode;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/**
 * The images, deployed: a workload, and agents that are killed, paused and cut off while they owe a
 * fence.
 */
@Tag("docker")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(600)
class ContainersIT {
  private static final Duration CALL_BOUND = Duration.ofSeconds(60);
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(150);
  private static final long POLL_MILLIS = 50;
  private static final long BASE = 0x7f00_0000_0000L;
  private static final int PAGES = 16;
  private static final int BYTES = PAGES * 4096;
  private static final int RESIDENT_MEBIBYTES_LIMIT = 300;

  /** What befalls an agent, and how it is undone. */
  enum Strike {
    KILL {
      @Override
      void hit(ContainerStack stack, String agent) {
        stack.kill(agent);
      }

      @Override
      void heal(ContainerStack stack, String agent) {
        stack.restart(agent);
      }
    },
    PAUSE {
      @Override
      void hit(ContainerStack stack, String agent) {
        stack.pause(agent);
      }

      @Override
      void heal(ContainerStack stack, String agent) {
        stack.unpause(agent);
      }
    },
    DISCONNECT {
      @Override
      void hit(ContainerStack stack, String agent) {
        stack.disconnect(agent);
      }

      @Override
      void heal(ContainerStack stack, String agent) {
        stack.reconnect(agent);
      }
    };

    abstract void hit(ContainerStack stack, String agent);

    abstract void heal(ContainerStack stack, String agent);
  }

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  @TempDir private static Path directory = Path.of("");
  private @Nullable ContainerCertificates certificates;
  private @Nullable ContainerStack stack;
  private @Nullable CoordinatorRest rest;
  private @Nullable ServiceChannel hostChannel;

  @BeforeAll
  @Timeout(1800)
  void startContainers() throws Exception {
    DockerEngine.require();
    certificates = ContainerCertificates.in(directory);
    stack = ContainerStack.start(DockerEngine.buildImages(), certificates, 3);
    rest = new CoordinatorRest(stack.restAddress());
    hostChannel = stack.dialHost();
    for (String agent : List.of("agent-1", "agent-2", "agent-3")) {
      awaitAttached(agent, "");
    }
  }

  @AfterAll
  @Timeout(300)
  void stopContainers() {
    threads.shutdownNow();
    if (hostChannel != null) {
      hostChannel.close();
    }
    if (rest != null) {
      rest.close();
    }
    if (stack != null) {
      stack.close();
    }
    if (certificates != null) {
      certificates.close();
    }
  }

  @Test
  void workloadOnThreeAgents_seesOneMemory() throws Exception {
    long space = mapped("workload");
    SpaceClient memory = memory(space);
    assertDone(run("agent-1", fill(space, 0x1122_3344L)));
    assertThat(checksum("agent-2", space)).isEqualTo(0x1122_3344L * (BYTES / 8));
    memory.write(BASE, bytes(0));

    List<Future<ProgramResult>> adders = new ArrayList<>();
    for (String agent : List.of("agent-1", "agent-2", "agent-3")) {
      AtomicAdd add = AtomicAdd.newBuilder().setAddress(BASE).setTimes(200).setOperand(1).build();
      adders.add(threads.submit(() -> run(agent, program(space).setAtomicAdd(add).build())));
    }
    for (int i = 0; i < 50; i++) {
      memory.atomicAdd(BASE, 1);
    }
    for (Future<ProgramResult> adder : adders) {
      assertDone(adder.get());
    }
    assertThat(word(memory.read(BASE, 8))).isEqualTo(3 * 200 + 50);
    assertThat(rest().get("/address-spaces/host-1." + space + "/ranges").path("items"))
        .singleElement()
        .satisfies(
            range -> {
              assertThat(range.path("start").asString()).isEqualTo("0x7f0000000000");
              assertThat(range.path("state").asString()).isEqualTo("resident");
              assertThat(range.path("holders").findValuesAsString("device"))
                  .contains("agent-1/0", "agent-2/0", "agent-3/0");
            });
    memory.destroy();
  }

  @ParameterizedTest
  @EnumSource
  void agentThatOwesAFence_isOutlivedByItsLeaseAndReturns(Strike strike) throws Exception {
    String victim = "agent-3";
    String before = awaitAttached(victim, "");
    long space = mapped("strike-" + strike);
    long bystanders = mapped("bystanders-" + strike);
    assertDone(run(victim, fill(space, 7)));
    assertThat(checksum("agent-1", space)).isEqualTo(7L * (BYTES / 8));

    boolean struck = false;
    try {
      strike.hit(stack(), victim);
      struck = true;
      Future<OperationOutcome> unmap =
          threads.submit(() -> memory(space).unmap(BASE, BYTES, WaitPolicy.BLOCK));
      assertLateAgentIsNamed(victim, space);
      // One slow agent holds up nobody who does not need its memory.
      assertDone(run("agent-1", fill(bystanders, 9)));
      OperationOutcome done = unmap.get(120, TimeUnit.SECONDS);
      assertThat(done).isInstanceOf(OperationOutcome.Done.class);
      assertFenceEndedByLease(victim, done.times().invalidationId());
      assertThat(rest().get("/address-spaces/host-1." + space + "/ranges").path("items")).isEmpty();
    } finally {
      if (struck) {
        strike.heal(stack(), victim);
      }
    }
    assertThat(awaitAttached(victim, before)).isNotEqualTo(before);
    map(space);
    memory(space).write(BASE, bytes(11));
    assertThat(checksum(victim, space)).as("the agent sees the new memory only").isEqualTo(11);
    memory(space).destroy();
    memory(bystanders).destroy();
  }

  @Test
  void services_stayWithinTheirMemory() throws Exception {
    for (String name : List.of("coordinator", "host", "agent-1", "agent-2")) {
      int mebibytes = stack().residentMebibytes(name);
      System.out.println("resident memory of " + name + ": " + mebibytes + " MiB");
      assertThat(mebibytes).as(name).isLessThanOrEqualTo(RESIDENT_MEBIBYTES_LIMIT);
    }
  }

  /** While the unmap waits, REST answers who is late, why, and until when at most. */
  private void assertLateAgentIsNamed(String agent, long space) throws Exception {
    JsonNode fence =
        await(
            "a pending fence of " + agent,
            () -> {
              for (JsonNode each :
                  rest().get("/fences?state=pending&space=host-1." + space).path("items")) {
                return each;
              }
              return null;
            });
    JsonNode detail = rest().get("/fences/" + fence.path("id").asString());
    assertThat(detail.path("late").findValuesAsString("device")).contains(agent + "/0");
    assertThat(detail.path("late").findValuesAsString("next")).allMatch(next -> !next.isBlank());
    JsonNode ranges = rest().get("/address-spaces/host-1." + space + "/ranges");
    assertThat(ranges.path("items").findValuesAsString("state")).containsExactly("invalidating");
  }

  private void assertFenceEndedByLease(String agent, long invalidation) throws Exception {
    JsonNode fence =
        rest().get("/fences/host-1." + Long.toUnsignedString(invalidation)).path("fence");
    assertThat(fence.path("state").asString()).isEqualTo("completed");
    for (JsonNode participant : fence.path("participants")) {
      if (participant.path("device").asString().equals(agent + "/0")) {
        assertThat(participant.path("resolution").asString()).isEqualTo("lease-expired");
        return;
      }
    }
    throw new AssertionError("no fence of " + agent + " in " + fence);
  }

  /** Waits until the agent is attached by another session than the one given, and returns that. */
  private String awaitAttached(String agent, String formerSession) throws Exception {
    return await(
        agent + " attached anew",
        () -> {
          for (JsonNode link : rest().get("/agents/" + agent).path("agent").path("links")) {
            String session = link.path("sessionId").asString();
            if (link.path("state").asString().equals("attached")
                && !session.equals(formerSession)) {
              return session;
            }
          }
          return null;
        });
  }

  private static <T> T await(String what, Callable<@Nullable T> condition) throws Exception {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    Object last = "nothing";
    while (System.nanoTime() - deadline < 0) {
      try {
        T value = condition.call();
        if (value != null) {
          return value;
        }
      } catch (IOException | CallFailedException e) {
        last = e;
      }
      Thread.sleep(POLL_MILLIS);
    }
    throw new AssertionError("waited in vain for " + what + "; last answer: " + last);
  }

  private long mapped(String name) {
    long space = host().createSpace(name, NotificationMode.SPLIT).id();
    map(space);
    return space;
  }

  private void map(long space) {
    memory(space).map(Mapping.at(BASE, BYTES, Protection.READ_WRITE), WaitPolicy.BLOCK);
  }

  private static RunProgramRequest.Builder program(long space) {
    return RunProgramRequest.newBuilder().setDeviceIndex(0).setSpaceId(space);
  }

  private static RunProgramRequest fill(long space, long word) {
    return program(space)
        .setFill(Fill.newBuilder().setAddress(BASE).setLength(BYTES).setWord(word))
        .build();
  }

  private long checksum(String agent, long space) {
    Checksum checksum = Checksum.newBuilder().setAddress(BASE).setLength(BYTES).build();
    ProgramResult result = run(agent, program(space).setChecksum(checksum).build());
    assertDone(result);
    return result.getSum();
  }

  private ProgramResult run(String agent, RunProgramRequest request) {
    try (ServiceChannel channel = stack().dialAgent(agent)) {
      return new DeviceClient(channel, CALL_BOUND).run(request);
    }
  }

  private static void assertDone(ProgramResult result) {
    assertThat(result.getErrno()).as(result.getMessage()).isEqualTo(Errno.ERRNO_UNSPECIFIED);
  }

  private static byte[] bytes(long word) {
    return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(word).array();
  }

  private static long word(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
  }

  private ContainerStack stack() {
    return Objects.requireNonNull(stack);
  }

  private CoordinatorRest rest() {
    return Objects.requireNonNull(rest);
  }

  private HostClient host() {
    return new HostClient(Objects.requireNonNull(hostChannel), CALL_BOUND);
  }

  private SpaceClient memory(long space) {
    return host().space(space);
  }
}

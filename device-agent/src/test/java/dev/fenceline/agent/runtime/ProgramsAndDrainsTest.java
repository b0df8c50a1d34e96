package dev.fenceline.agent.runtime;

import static dev.fenceline.agent.fake.FakeHost.SPACE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.agent.adapter.grpc.GrpcHostConnector;
import dev.fenceline.agent.engine.LinkSettings;
import dev.fenceline.agent.engine.LinkState;
import dev.fenceline.agent.engine.program.ProgramEntry.State;
import dev.fenceline.agent.engine.standing.DeviceStanding;
import dev.fenceline.agent.fake.FakeHost;
import dev.fenceline.agent.runtime.program.Dependencies;
import dev.fenceline.agent.runtime.program.Program;
import dev.fenceline.agent.runtime.program.ProgramReport;
import dev.fenceline.agent.runtime.program.SyncPoint;
import dev.fenceline.model.DeviceDescription;
import dev.fenceline.model.Errno;
import dev.fenceline.security.TransportSecurity;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Programs that are followed and cancelled, devices that are drained and returned. */
class ProgramsAndDrainsTest {
  private static final long BASE = 0x10000;
  private static final long SECOND = 1_000_000_000L;
  private static final Program FILL = new Program.Fill(BASE, 64, 7);

  /** Ends only when it is cancelled, or after ten minutes. */
  private static final Program ENDLESS = new Program.PointerChase(BASE, 10_000_000);

  private FakeHost host;
  private AgentRuntime agent;
  private HostLink link;

  @BeforeEach
  void start() throws Exception {
    host = new FakeHost();
    host.memory().setWord(BASE, BASE); // a chase that goes round for ever
    agent =
        new AgentRuntime(
            new AgentRuntime.Settings(
                LinkSettings.of(
                    "agent",
                    3,
                    List.of(new DeviceDescription(0, "d0", 1), new DeviceDescription(1, "d1", 1))),
                Delays.NONE,
                2,
                20 * SECOND),
            (hostId, target) -> GrpcHostConnector.to(TransportSecurity.plaintext(), hostId, target),
            System::nanoTime,
            AgentObserver.NONE,
            new SplittableRandom(1));
    link = agent.addHost(host.target());
    await("attached", () -> link.state() == LinkState.ATTACHED);
  }

  @AfterEach
  void stop() {
    agent.close();
    host.close();
  }

  @Test
  void submittedProgram_isFollowedToItsEnd() {
    long number = submit(0, FILL);
    await("the end", () -> view(number).state().ended());
    ProgramDesk.ProgramView done = view(number);
    assertThat(done.state()).isEqualTo(State.DONE);
    assertThat(done.order().kind()).isEqualTo("fill");
    assertThat(done.order().spaceId()).isEqualTo(SPACE);
    assertThat(done.operationsDone()).isEqualTo(done.order().operations()).isOne();
    assertThat(done.endedMillis()).isGreaterThanOrEqualTo(done.startedMillis()).isPositive();
    assertThat(done.result()).isNotNull();
  }

  @Test
  void runProgram_isListedAsWell_andFailureIsAState() throws Exception {
    ProgramReport report =
        agent
            .run(link, agent.devices().get(1), SPACE, new Program.Fill(1L << 40, 8, 1), SECOND)
            .get(60, TimeUnit.SECONDS);
    assertThat(report.failure()).isNotNull();
    assertThat(agent.programs().list(1, false, 0, 10))
        .singleElement()
        .matches(program -> program.state() == State.FAILED);
    assertThat(agent.programs().list(0, false, 0, 10)).isEmpty();
  }

  @Test
  void cancelledProgram_endsAtItsNextAccess_alsoWhileItWaitsForAFrozenHost() {
    long running = submit(0, ENDLESS);
    long queued = submit(0, FILL);
    await("progress", () -> view(running).operationsDone() > 3);
    agent.programs().cancel(queued, "no more");
    assertThat(view(queued).state()).isEqualTo(State.CANCELLED);
    agent.programs().cancel(running, "no more");
    await("the end", () -> view(running).state() == State.CANCELLED);
    ProgramReport result = view(running).result();
    assertThat(result == null ? null : result.failure())
        .isEqualTo(new ProgramReport.Failure(Errno.EAGAIN, "no more", BASE));
    assertThat(view(queued).startedMillis()).isZero();
    assertThat(agent.programs().cancel(running, "again")).isEqualTo(view(running));
    assertThat(agent.programs().cancel(999, "none")).isNull();
  }

  @Test
  void fullQueue_isRefusedWithAType() {
    submit(0, ENDLESS);
    await("it runs", () -> agent.devices().get(0).runningPrograms() == 1);
    submit(0, ENDLESS);
    submit(0, ENDLESS);
    ProgramDesk.Submitted refused = agent.submit(order(0, FILL), SECOND);
    assertThat(refused).isInstanceOf(ProgramDesk.Submitted.Refused.class);
    assertThat(((ProgramDesk.Submitted.Refused) refused).errno())
        .isEqualTo(Errno.RESOURCE_EXHAUSTED);
    assertThat(agent.programs().list(0, true, 0, 10)).hasSize(3);
  }

  @Test
  void drainedDevice_takesNoWork_theOtherGoesOn() throws Exception {
    submit(0, FILL);
    drain(List.of(agent.devices().get(0)), 60 * SECOND);
    await("drained", () -> standing(0) == DeviceStanding.State.DRAINED);
    assertThat(agent.submit(order(0, FILL), SECOND))
        .isEqualTo(
            new ProgramDesk.Submitted.Refused(
                Errno.EAGAIN, "device 0 is drained; return it first"));
    assertThat(agent.devices().get(0).counters().mirrorEntries.sum()).isZero();
    assertThat(link.state()).isEqualTo(LinkState.ATTACHED);
    long other = submit(1, FILL);
    await("the other's", () -> view(other).state() == State.DONE);

    agent.drains().giveBack(List.of(agent.devices().get(0)));
    long again = submit(0, FILL);
    await("its own", () -> view(again).state() == State.DONE);
  }

  @Test
  void programThatRunsOverTheDeadline_isPreempted() {
    long running = submit(0, ENDLESS);
    await("progress", () -> view(running).operationsDone() > 3);
    drain(List.of(agent.devices().get(0)), SECOND / 10);
    assertThat(standing(0)).isNotEqualTo(DeviceStanding.State.ACTIVE);
    await("drained", () -> standing(0) == DeviceStanding.State.DRAINED);
    assertThat(view(running).state()).isEqualTo(State.CANCELLED);
  }

  @Test
  void allDevicesDrained_theHostIsLeft_andReturnAttachesAgain() throws Exception {
    submit(0, FILL);
    submit(1, FILL);
    drain(agent.devices(), 60 * SECOND);
    await("left", () -> host.hasLeft() && link.state() == LinkState.DISCONNECTED);
    assertThat(agent.left()).isTrue();
    int hellos = host.hellos();
    agent.addHost("fake", host.target()); // as the coordinator tells again and again
    assertThat(link.state()).isEqualTo(LinkState.DISCONNECTED);

    agent.drains().giveBack(List.of(agent.devices().get(1)));
    await("attached", () -> link.state() == LinkState.ATTACHED);
    assertThat(host.hellos()).isEqualTo(hellos + 1);
    assertThat(standing(0)).isEqualTo(DeviceStanding.State.DRAINED);
    long again = submit(1, FILL);
    await("a program", () -> view(again).state() == State.DONE);
  }

  @Test
  void manyDrainsAndReturns_endInOrder() throws Exception {
    for (int round = 0; round < 20; round++) {
      CompletableFuture<ProgramReport> run =
          agent.run(link, agent.devices().get(round % 2), SPACE, FILL, 60 * SECOND);
      drain(agent.devices(), 60 * SECOND);
      agent.drains().giveBack(agent.devices());
      assertThat(run.get(60, TimeUnit.SECONDS).failure()).isNull();
    }
    drain(agent.devices(), 60 * SECOND);
    await("left", () -> agent.left() && link.state() == LinkState.DISCONNECTED);
    agent.drains().giveBack(agent.devices());
    await("attached", () -> link.state() == LinkState.ATTACHED);
  }

  @Test
  void stoppingAgent_drainsWithinItsBound() throws Exception {
    long running = submit(0, ENDLESS);
    await("progress", () -> view(running).operationsDone() > 3);
    agent.drainAndLeave("stop", SECOND / 10);
    assertThat(agent.left()).isTrue();
    assertThat(view(running).state()).isEqualTo(State.CANCELLED);
    await("left", host::hasLeft);
  }

  @Test
  void program_waitsForASyncPointOfAnotherDevice() {
    long waiting = submit(0, FILL, new Dependencies(points("go"), "", 0, 0, false, false, false));
    await("the wait", () -> !view(waiting).awaited().isEmpty());
    assertThat(view(waiting).operationsDone()).isZero();
    submit(1, FILL, new Dependencies(List.of(), "go", 0, 0, false, false, false));
    await("the end", () -> view(waiting).state() == State.DONE);
    assertThat(view(waiting).awaited()).isEmpty();
  }

  @Test
  void programThatWouldWaitForItself_isRefused() {
    Dependencies byName = new Dependencies(points("me"), "me", 0, 0, false, false, false);
    assertThat(refusal(byName)).isEqualTo(Errno.EINVAL);
    Dependencies byNumber =
        new Dependencies(List.of(new SyncPoint("", "", 1, "")), "", 0, 0, false, false, false);
    assertThat(refusal(byNumber)).isEqualTo(Errno.EINVAL);
  }

  @Test
  void preemptedProgram_letsGoAndBeginsAgain() {
    Dependencies holding = new Dependencies(points("go"), "", BASE, BASE + 4096, true, true, false);
    long number = submit(0, FILL, holding);
    await("the held page", () -> view(number).holding());
    agent.programs().preempt(number, "test");
    await("a second start", () -> view(number).preemptions() == 1 && view(number).holding());
    submit(1, FILL, new Dependencies(List.of(), "go", 0, 0, false, false, false));
    await("the end", () -> view(number).state() == State.DONE);
    assertThat(view(number).holding()).isFalse();
  }

  @Test
  void programThatMayNotRunTwice_isNotPreempted() {
    long number = submit(0, FILL);
    assertThat(agent.programs().preempt(number, "test"))
        .isInstanceOf(ProgramDesk.Preempted.NotReplayable.class);
    Dependencies replayable = new Dependencies(List.of(), "", 0, 0, false, true, false);
    assertThat(replayable.objection(new Program.AtomicAdd(BASE, 1, 1), "agent")).isNotNull();
  }

  private static List<SyncPoint> points(String name) {
    return List.of(new SyncPoint("", "", 0, name));
  }

  private long submit(int device, Program program, Dependencies dependencies) {
    ProgramDesk.Order order =
        new ProgramDesk.Order(link, agent.devices().get(device), SPACE, program, dependencies);
    return ((ProgramDesk.Submitted.Accepted) agent.submit(order, 60 * SECOND)).number();
  }

  private Errno refusal(Dependencies dependencies) {
    ProgramDesk.Order order =
        new ProgramDesk.Order(link, agent.devices().get(0), SPACE, FILL, dependencies);
    return ((ProgramDesk.Submitted.Refused) agent.submit(order, 60 * SECOND)).errno();
  }

  private void drain(List<Device> devices, long deadlineNanos) {
    agent.drains().drain(devices, "test", deadlineNanos);
  }

  private DeviceStanding.State standing(int device) {
    return agent.drains().standing(agent.devices().get(device)).state();
  }

  private ProgramDesk.Order order(int device, Program program) {
    return new ProgramDesk.Order(link, agent.devices().get(device), SPACE, program);
  }

  private long submit(int device, Program program) {
    ProgramDesk.Submitted submitted = agent.submit(order(device, program), 600 * SECOND);
    if (submitted instanceof ProgramDesk.Submitted.Accepted accepted) {
      return accepted.number();
    }
    throw new AssertionError(submitted);
  }

  private ProgramDesk.ProgramView view(long number) {
    ProgramDesk.ProgramView view = agent.programs().find(number);
    if (view == null) {
      throw new AssertionError("no program " + number);
    }
    return view;
  }

  private static void await(String what, BooleanSupplier condition) {
    long began = System.nanoTime();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - began > 60 * SECOND) {
        throw new AssertionError("not within 60 s: " + what);
      }
      LockSupport.parkNanos(500_000);
    }
  }
}

package dev.fenceline.host.adapter.grpc;

import static dev.fenceline.host.adapter.grpc.HostUnderTest.BASE;
import static dev.fenceline.host.adapter.grpc.HostUnderTest.PAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import dev.fenceline.attach.v1.AddMirror;
import dev.fenceline.attach.v1.AgentBatch;
import dev.fenceline.attach.v1.AgentEvent;
import dev.fenceline.common.v1.Errno;
import dev.fenceline.common.v1.Interval;
import dev.fenceline.common.v1.WaitPolicy;
import dev.fenceline.host.runtime.HostObserver;
import dev.fenceline.model.Access;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.DmaReply;
import dev.fenceline.model.HostMessage;
import dev.fenceline.query.v1.GetPageRequest;
import dev.fenceline.query.v1.PageInfo;
import dev.fenceline.space.v1.AdviseRequest;
import dev.fenceline.space.v1.MapRequest;
import dev.fenceline.space.v1.ReadRequest;
import dev.fenceline.space.v1.RemapRequest;
import dev.fenceline.space.v1.UnmapRequest;
import dev.fenceline.space.v1.WriteRequest;
import dev.fenceline.transfer.v1.DmaRequest;
import dev.fenceline.transfer.v1.DmaRequestBatch;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What must not be sent: each a precise typed error, the state unchanged. */
class BadInputOverGrpcTest {
  private static final int ARENA_PAGES = 9;

  private final AtomicInteger malformed = new AtomicInteger();
  private HostUnderTest host;
  private FakeAgent agent;
  private long space;

  @BeforeEach
  void start() throws IOException {
    HostObserver observer =
        new HostObserver() {
          @Override
          public void malformedMessage() {
            malformed.incrementAndGet();
          }
        };
    host = HostUnderTest.start(ARENA_PAGES, observer);
    space = host.createSpace();
    host.map(space, 16);
    agent = new FakeAgent(host, "agent-1", 11);
  }

  @AfterEach
  void stop() {
    agent.close();
    host.close();
  }

  @Test
  void ackOfWhatWasNeverSent_isCounted_andChangesNothing() {
    attachAndMirror();
    agent.acknowledging(false);
    agent.fault(1, BASE, 1, Access.WRITE);
    var unmap = host.spacesLater().unmap(HostUnderTest.unmap(space, 1, WaitPolicy.Mode.MODE_BLOCK));
    HostMessage.Invalidate heard = agent.awaitInvalidate();
    long late = host.runtime().lateMessages();
    agent.send(
        new AgentMessage.InvalidationAck(0, List.of(heard.invalidationIds().get(0) + 2_000)),
        new AgentMessage.InvalidationAck(0, List.of(-5L, 0L)));
    HostUnderTest.await("three late messages", () -> host.runtime().lateMessages() == late + 3);
    assertThat(unmap).isNotDone();
    agent.acknowledge(heard);
    HostUnderTest.await("the end of the unmap", unmap::isDone);
  }

  @Test
  void messagesOfAnotherSessionOrEpoch_areCounted_andChangeNothing() {
    attachAndMirror();
    long late = host.runtime().lateMessages();
    AgentMessage add = new AgentMessage.AddMirror(9, space, 0, BASE, BASE + PAGE);
    agent.sendAs(HostUnderTest.EPOCH, agent.sessionId() + 1, add);
    agent.sendAs(HostUnderTest.EPOCH - 1, agent.sessionId(), add, add);
    HostUnderTest.await("three late messages", () -> host.runtime().lateMessages() == late + 3);
    agent.mirror(9, space, 0, BASE, 1); // the id is still free
  }

  @Test
  void malformedInterval_endsTheStreamWithAReason() {
    attachAndMirror();
    agent.sendRaw(
        AgentBatch.newBuilder()
            .setHostEpoch(HostUnderTest.EPOCH)
            .setSessionId(agent.sessionId())
            .addEvents(
                AgentEvent.newBuilder()
                    .setAddMirror(
                        AddMirror.newBuilder()
                            .setMirrorId(2)
                            .setSpaceId(space)
                            .setInterval(Interval.newBuilder().setStart(5).setEnd(4096))))
            .build());
    expectMalformed("0x5");
  }

  @Test
  void messageBeforeHello_endsTheStream() {
    agent.open();
    agent.send(new AgentMessage.Heartbeat(1));
    expectMalformed("Hello");
  }

  @Test
  void secondHelloOnAStream_endsIt() {
    agent.attach();
    agent.sendAs(
        HostUnderTest.EPOCH,
        agent.sessionId(),
        new AgentMessage.Hello(
            1, "agent-1", 11, 1, List.of(new dev.fenceline.model.DeviceDescription(0, "d", 1))));
    expectMalformed("second Hello");
  }

  @Test
  void unknownProtocolVersion_isRefused() {
    agent.open();
    agent.sendAs(
        0,
        0,
        new AgentMessage.Hello(
            99, "agent-1", 11, 1, List.of(new dev.fenceline.model.DeviceDescription(0, "d", 1))));
    assertThat(agent.await(HostMessage.Refusal.class, any -> true).reason())
        .isEqualTo(HostMessage.RefusalReason.PROTOCOL_VERSION);
  }

  @Test
  void hugeMessage_endsTheStream() {
    attachAndMirror();
    Long[] ids = new Long[65_000];
    java.util.Arrays.setAll(ids, i -> Long.MAX_VALUE - i);
    AgentMessage ack = new AgentMessage.InvalidationAck(0, List.of(ids));
    agent.send(ack, ack, ack);
    expectMalformed("at most");
  }

  @Test
  void mirrorOfWhatDoesNotExist_isRefused_andTheIdStaysFree() {
    agent.attach();
    agent.send(new AgentMessage.AddMirror(1, space + 70, 0, BASE, BASE + PAGE));
    assertThat(agent.await(HostMessage.MirrorRefused.class, any -> true).errno())
        .isEqualTo(dev.fenceline.model.Errno.ENOENT);
    agent.mirror(1, space, 0, BASE, 1);
    agent.send(new AgentMessage.AddMirror(1, space + 1, 0, BASE, BASE + PAGE));
    agent.await(
        HostMessage.MirrorRefused.class,
        refused -> refused.errno() == dev.fenceline.model.Errno.EEXIST);
    assertThat(agent.fault(1, BASE, 1, Access.READ).errno()).isNull();
    assertThat(agent.fault(77, BASE, 1, Access.READ).errno())
        .isEqualTo(dev.fenceline.model.Errno.ENOENT);
    assertThat(agent.fault(1, BASE + PAGE, 1, Access.READ).errno())
        .isEqualTo(dev.fenceline.model.Errno.EINVAL);
  }

  @Test
  void mirrorOverNoMapping_faultsToEfault() {
    agent.attach();
    agent.mirror(1, space, 0, BASE + 64 * PAGE, 1);
    assertThat(agent.fault(1, BASE + 64 * PAGE, 1, Access.READ).errno())
        .isEqualTo(dev.fenceline.model.Errno.EFAULT);
  }

  @Test
  void staleOrMalformedDma_movesNothing() {
    attachAndMirror();
    int generation = agent.fault(1, BASE, 1, Access.WRITE).runs().get(0).generation();
    assertThat(agent.write(space, BASE, new byte[8], generation + 1).outcome())
        .isEqualTo(DmaReply.Outcome.STALE_PAGE);
    assertThat(agent.write(space, BASE + 5 * PAGE, new byte[8], 0).outcome())
        .as("a page that the device was never granted")
        .isEqualTo(DmaReply.Outcome.STALE_PAGE);
    agent.sendDma(
        DmaRequestBatch.newBuilder()
            .addRequests(DmaRequest.newBuilder().setRequestId(5).setLength(1 << 20))
            .addRequests(
                DmaRequest.newBuilder()
                    .setRequestId(6)
                    .setOperation(DmaRequest.Operation.OPERATION_READ)
                    .setSessionId(1234)
                    .setLength(8)
                    .addGenerations(0))
            .build());
    DmaReply first = agent.awaitDma();
    assertThat(first.requestId()).isEqualTo(5);
    assertThat(first.outcome()).isEqualTo(DmaReply.Outcome.MALFORMED);
    assertThat(agent.awaitDma().outcome()).isEqualTo(DmaReply.Outcome.STALE_SESSION);
  }

  @Test
  void fullFramePool_isResourceExhausted_andWorksAgainAfterAnUnmap() {
    byte[] ones = new byte[(ARENA_PAGES - 1) * PAGE];
    host.write(space, BASE, ones);
    StatusRuntimeException full =
        refused(
            () -> {
              host.write(space, BASE + 12 * PAGE, new byte[1]);
              return null;
            });
    assertThat(full.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    assertThat(HostUnderTest.detail(full).getErrno()).isEqualTo(Errno.ERRNO_RESOURCE_EXHAUSTED);
    attachAndMirror();
    assertThat(agent.fault(1, BASE + 13 * PAGE, 1, Access.WRITE).errno())
        .isEqualTo(dev.fenceline.model.Errno.RESOURCE_EXHAUSTED);
    assertThat(host.read(space, BASE + 12 * PAGE, 1)).containsExactly(0);

    host.spaces().unmap(HostUnderTest.unmap(space, 2, WaitPolicy.Mode.MODE_BLOCK));
    host.write(space, BASE + 12 * PAGE, new byte[] {5});
    assertThat(host.read(space, BASE + 12 * PAGE, 1)).containsExactly(5);
    assertThat(agent.fault(1, BASE + 13 * PAGE, 1, Access.WRITE).errno()).isNull();
  }

  @Test
  void badCalls_areTypedErrors() {
    expect(
        Errno.ERRNO_EINVAL,
        Status.Code.INVALID_ARGUMENT,
        () -> host.spaces().unmap(unmap(space, BASE + 1, PAGE)));
    expect(
        Errno.ERRNO_EINVAL,
        Status.Code.INVALID_ARGUMENT,
        () -> host.spaces().unmap(unmap(space, BASE, 0)));
    expect(
        Errno.ERRNO_EINVAL,
        Status.Code.INVALID_ARGUMENT,
        () -> host.spaces().unmap(unmap(space, BASE, -PAGE)));
    expect(
        Errno.ERRNO_ENOENT,
        Status.Code.NOT_FOUND,
        () -> host.spaces().unmap(unmap(space + 100, BASE, PAGE)));
    expect(
        Errno.ERRNO_EEXIST,
        Status.Code.ALREADY_EXISTS,
        () ->
            host.spaces()
                .map(
                    MapRequest.newBuilder()
                        .setSpaceId(space)
                        .setAddress(BASE)
                        .setLength(PAGE)
                        .setPlacement(MapRequest.Placement.PLACEMENT_FIXED_NOREPLACE)
                        .build()));
    expect(
        Errno.ERRNO_EINVAL,
        Status.Code.INVALID_ARGUMENT,
        () -> host.spaces().advise(AdviseRequest.newBuilder().setSpaceId(space).build()));
    expect(
        Errno.ERRNO_EINVAL,
        Status.Code.INVALID_ARGUMENT,
        () ->
            host.spaces()
                .remap(RemapRequest.newBuilder().setSpaceId(space).setNewAddress(BASE).build()));
    expect(
        Errno.ERRNO_EINVAL,
        Status.Code.INVALID_ARGUMENT,
        () ->
            host.spaces()
                .read(
                    ReadRequest.newBuilder()
                        .setSpaceId(space)
                        .setAddress(BASE)
                        .setLength(65_537)
                        .build()));
    expect(
        Errno.ERRNO_EFAULT,
        Status.Code.FAILED_PRECONDITION,
        () ->
            host.spaces()
                .write(
                    WriteRequest.newBuilder()
                        .setSpaceId(space)
                        .setAddress(BASE + 100L * PAGE)
                        .setData(ByteString.copyFromUtf8("x"))
                        .build()));
    PageInfo untouched =
        host.queries()
            .getPage(GetPageRequest.newBuilder().setSpaceId(space).setAddress(BASE).build());
    assertThat(untouched.getState()).isEqualTo(PageInfo.State.STATE_NOT_PRESENT);
  }

  private static UnmapRequest unmap(long space, long address, long length) {
    return UnmapRequest.newBuilder()
        .setSpaceId(space)
        .setAddress(address)
        .setLength(length)
        .build();
  }

  private static void expect(Errno errno, Status.Code code, Supplier<?> call) {
    StatusRuntimeException refused = refused(call);
    assertThat(refused.getStatus().getCode()).as(refused.toString()).isEqualTo(code);
    assertThat(HostUnderTest.detail(refused).getErrno()).isEqualTo(errno);
    assertThat(HostUnderTest.detail(refused).getMessage()).isNotEmpty();
  }

  private static StatusRuntimeException refused(Supplier<?> call) {
    StatusRuntimeException refused = catchThrowableOfType(StatusRuntimeException.class, call::get);
    assertThat(refused).isNotNull();
    return refused;
  }

  private void attachAndMirror() {
    agent.attach();
    agent.mirror(1, space, 0, BASE, 16);
  }

  private void expectMalformed(String reason) {
    Status status = agent.awaitEnd();
    assertThat(status.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(status.getDescription()).contains(reason);
    assertThat(agent.await(HostMessage.Goodbye.class, any -> true).reason()).contains(reason);
    assertThat(malformed).hasValue(1);
  }
}

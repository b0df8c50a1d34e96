package dev.fenceline.host.adapter.grpc;

import static dev.fenceline.host.adapter.grpc.HostUnderTest.BASE;
import static dev.fenceline.host.adapter.grpc.HostUnderTest.PAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.fenceline.common.v1.WaitPolicy;
import dev.fenceline.query.v1.GetHostRequest;
import dev.fenceline.query.v1.ListPinsReply;
import dev.fenceline.query.v1.ListPinsRequest;
import dev.fenceline.query.v1.PinInfo;
import dev.fenceline.space.v1.PinRequest;
import dev.fenceline.space.v1.UnpinRequest;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Pins over loopback. */
class PinOverGrpcTest {
  private HostUnderTest host;
  private long space;

  @BeforeEach
  void start() throws IOException {
    host = HostUnderTest.start(64);
    space = host.createSpace();
    host.map(space, 16);
  }

  @AfterEach
  void stop() {
    host.close();
  }

  @Test
  void pin_isListed_keepsItsFrames_andEnds() {
    long other = host.createSpace();
    host.map(other, 4);
    long first = host.spaces().pin(request(space, 4).build()).getPinId();
    long second = host.spaces().pin(request(other, 2).setOwner("else").build()).getPinId();
    assertThat(list(ListPinsRequest.newBuilder()).getPinsList())
        .extracting(PinInfo::getPinId)
        .containsExactlyInAnyOrder(first, second)
        .isSorted();
    assertThat(list(ListPinsRequest.newBuilder().setOwner("else")).getPinsList()).hasSize(1);
    assertThat(list(ListPinsRequest.newBuilder().setLongTermOnly(true)).getPinsList()).isEmpty();
    ListPinsReply page = list(ListPinsRequest.newBuilder().setPageSize(1));
    assertThat(page.getMore()).isTrue();
    assertThat(
            list(ListPinsRequest.newBuilder().setAfterPinId(page.getPins(0).getPinId()))
                .getPinsList())
        .hasSize(1);

    host.spaces().unmap(HostUnderTest.unmap(space, 16, WaitPolicy.Mode.MODE_BLOCK));
    PinInfo pin = list(ListPinsRequest.newBuilder().setSpaceId(space)).getPins(0);
    assertThat(pin.getUnmappedPages()).isEqualTo(4);
    assertThat(pin.getReason()).isEqualTo("registered");
    assertThat(pin.getElapsedNanos()).isPositive();
    assertThat(freeFrames()).isEqualTo(63 - 6);
    assertThat(
            host.spaces()
                .unpin(UnpinRequest.newBuilder().setPinId(first).build())
                .getUnpinnedPages())
        .isEqualTo(4);
    assertThat(freeFrames()).isEqualTo(63 - 2);
  }

  @Test
  void nonsense_isRefused() {
    refused(Status.Code.INVALID_ARGUMENT, request(space, 1).setAddress(BASE + 1));
    refused(Status.Code.INVALID_ARGUMENT, request(space, 1).setLength(0));
    refused(Status.Code.INVALID_ARGUMENT, request(space, 1).setLength((1L << 30) + PAGE));
    refused(Status.Code.INVALID_ARGUMENT, request(space, 1).setOwner(""));
    refused(Status.Code.INVALID_ARGUMENT, request(space, 1).setReason("x".repeat(257)));
    refused(Status.Code.FAILED_PRECONDITION, request(space, 17));
    refused(Status.Code.NOT_FOUND, request(99, 1));
    StatusRuntimeException unknown =
        catchThrowableOfType(
            StatusRuntimeException.class,
            () -> host.spaces().unpin(UnpinRequest.newBuilder().setPinId(-5).build()));
    assertThat(unknown.getStatus().getCode()).isEqualTo(Status.Code.NOT_FOUND);
  }

  private void refused(Status.Code code, PinRequest.Builder request) {
    StatusRuntimeException refused =
        catchThrowableOfType(
            StatusRuntimeException.class, () -> host.spaces().pin(request.build()));
    assertThat(refused.getStatus().getCode()).isEqualTo(code);
  }

  private static PinRequest.Builder request(long space, int pages) {
    return PinRequest.newBuilder()
        .setSpaceId(space)
        .setAddress(BASE)
        .setLength((long) pages * PAGE)
        .setWrite(true)
        .setOwner("test")
        .setReason("registered");
  }

  private long freeFrames() {
    return host.queries().getHost(GetHostRequest.getDefaultInstance()).getFreeFrames();
  }

  private ListPinsReply list(ListPinsRequest.Builder request) {
    return host.queries().listPins(request.build());
  }
}

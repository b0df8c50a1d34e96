package dev.fenceline.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fenceline.model.DmaReply;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.DmaRequest.Operation;
import dev.fenceline.model.Pages;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class DmaCodecTest {
  private static DmaRequest request(
      long address, int length, Operation operation, int pages, int dataLength) {
    return new DmaRequest(
        -3,
        7,
        9,
        5,
        1,
        address,
        length,
        operation,
        new int[pages],
        new byte[dataLength],
        -8,
        Long.MIN_VALUE);
  }

  @ParameterizedTest
  @EnumSource(Operation.class)
  void everyOperation_roundTrips(Operation operation) throws Exception {
    DmaRequest request = request(4096 - 8, 8, operation, 1, operation == Operation.WRITE ? 8 : 0);

    DmaRequest decoded =
        DmaCodec.decode(
            dev.fenceline.transfer.v1.DmaRequest.parseFrom(DmaCodec.encode(request).toByteArray()));

    assertThat(decoded).usingRecursiveComparison().isEqualTo(request);
  }

  @ParameterizedTest
  @EnumSource(DmaReply.Outcome.class)
  void everyOutcome_roundTrips(DmaReply.Outcome outcome) throws Exception {
    DmaReply reply = new DmaReply(-1, outcome, new byte[] {1, 2}, -4, "why");

    DmaReply decoded =
        DmaCodec.decode(
            dev.fenceline.transfer.v1.DmaReply.parseFrom(DmaCodec.encode(reply).toByteArray()));

    assertThat(decoded).usingRecursiveComparison().isEqualTo(reply);
  }

  @Test
  void longestRequestAcrossPages_isAccepted() throws Exception {
    DmaRequest request = request(4095, 65536, Operation.WRITE, 17, 65536);

    assertThat(DmaCodec.decode(DmaCodec.encode(request)).generations()).hasSize(17);
  }

  @ParameterizedTest
  @MethodSource("malformed")
  void malformedRequest_isRefused(DmaRequest request) {
    assertThatThrownBy(() -> DmaCodec.decode(DmaCodec.encode(request)))
        .isInstanceOf(MalformedMessageException.class);
  }

  static List<DmaRequest> malformed() {
    return List.of(
        request(0, 0, Operation.READ, 1, 0),
        request(0, 65537, Operation.READ, 17, 0),
        request(-8, 8, Operation.READ, 1, 0),
        request(Pages.ADDRESS_LIMIT - 4, 8, Operation.READ, 1, 0),
        request(4092, 8, Operation.READ, 1, 0),
        request(0, 8, Operation.READ, 2, 0),
        request(0, 8, Operation.READ, 1, 8),
        request(0, 8, Operation.WRITE, 1, 7),
        request(4, 8, Operation.FETCH_ADD, 1, 0),
        request(0, 4, Operation.COMPARE_AND_SET, 1, 0));
  }
}

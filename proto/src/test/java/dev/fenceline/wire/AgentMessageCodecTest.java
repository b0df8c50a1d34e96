package dev.fenceline.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fenceline.attach.v1.AgentBatch;
import dev.fenceline.attach.v1.AgentEvent;
import dev.fenceline.model.Access;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.DeviceDescription;
import dev.fenceline.model.LocalPages;
import dev.fenceline.model.MigrationRun;
import dev.fenceline.model.Pages;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AgentMessageCodecTest {
  private static final AgentMessage.Hello HELLO =
      new AgentMessage.Hello(
          1,
          "a-1",
          -5,
          3,
          List.of(new DeviceDescription(0, "x", 2), new DeviceDescription(1, "y", 1)));

  @Test
  void everyMessage_roundTrips() throws Exception {
    AgentMessage.Batch batch =
        new AgentMessage.Batch(
            -7,
            9,
            List.of(
                HELLO,
                new AgentMessage.Heartbeat(3),
                new AgentMessage.AddMirror(4, -1, 63, 0, Pages.ADDRESS_LIMIT),
                new AgentMessage.RemoveMirror(4),
                new AgentMessage.FaultRequest(-2, 4, 4096, 512, Access.WRITE, 7),
                new AgentMessage.FaultRequest(8, 4, 0, 1, Access.READ),
                new AgentMessage.FaultRequest(10, 4, 0, 1, Access.READ, 0, true),
                new AgentMessage.FaultRequest(9, 4, Pages.ADDRESS_LIMIT - 4096, 1, Access.SNAPSHOT),
                new AgentMessage.InvalidationAck(2, List.of(1L, -1L, Long.MAX_VALUE)),
                new AgentMessage.Leave(),
                new AgentMessage.Hello(
                    1,
                    "a",
                    1,
                    1,
                    List.of(new DeviceDescription(0, "m", 1, (1 << 27) - 1, "group.1", true)),
                    "node-1:7000",
                    -9,
                    List.of(new LocalPages(0, -3, 0, 7), new LocalPages(0, 5, 100, 1))),
                new AgentMessage.MigrationReport(
                    -3,
                    List.of(
                        new MigrationRun.Report(3, MigrationRun.Outcome.DONE, 17),
                        new MigrationRun.Report(508, MigrationRun.Outcome.NO_MEMORY, 0),
                        new MigrationRun.Report(1, MigrationRun.Outcome.FAILED, 0))),
                new AgentMessage.MigrateRequest(4, 2, Pages.ADDRESS_LIMIT - 4096, 1),
                new AgentMessage.EvictRequest(5, 4096, List.of(new LocalPages(63, 1, 0, 1))),
                new AgentMessage.CloseDevice(63, 9),
                AgentMessage.CloseDevice.returned(2)));

    AgentBatch wire = AgentBatch.parseFrom(AgentMessageCodec.encode(batch).toByteArray());

    assertThat(AgentMessageCodec.decode(wire)).isEqualTo(batch);
  }

  @ParameterizedTest
  @MethodSource("malformed")
  void malformedMessage_isRefusedWithFieldAndValue(AgentMessage message, String text) {
    AgentBatch wire =
        AgentMessageCodec.encode(
            new AgentMessage.Batch(1, 1, List.of(new AgentMessage.Leave(), message)));

    assertThatThrownBy(() -> AgentMessageCodec.decode(wire))
        .isInstanceOf(MalformedMessageException.class)
        .hasMessageContaining(text);
  }

  static List<Object[]> malformed() {
    List<DeviceDescription> one = HELLO.devices().subList(0, 1);
    return List.of(
        refused(new AgentMessage.Hello(1, "", 1, 1, one), "agent_id"),
        refused(new AgentMessage.Hello(1, "a b", 1, 1, one), "\"a b\""),
        refused(new AgentMessage.Hello(1, "a".repeat(129), 1, 1, one), "129"),
        refused(new AgentMessage.Hello(1, "a", 0, 1, one), "boot_token"),
        refused(new AgentMessage.Hello(1, "a", 1, 0, one), "dial_attempt"),
        refused(new AgentMessage.Hello(1, "a", 1, 1, List.of()), "number of devices"),
        refused(
            new AgentMessage.Hello(1, "a", 1, 1, HELLO.devices().subList(1, 2)), "device.index"),
        refused(
            new AgentMessage.Hello(1, "a", 1, 1, List.of(new DeviceDescription(0, "x", 0))),
            "device.units"),
        refused(new AgentMessage.AddMirror(1, 1, 0, 4096, 4096), "[0x1000, 0x1000)"),
        refused(new AgentMessage.AddMirror(1, 1, 0, 1, 4096), "multiple of 4096"),
        refused(new AgentMessage.AddMirror(1, 1, 0, -4096, 4096), "2^47"),
        refused(new AgentMessage.AddMirror(1, 1, 0, 0, Pages.ADDRESS_LIMIT + 4096), "2^47"),
        refused(new AgentMessage.AddMirror(1, 1, 64, 0, 4096), "device_index is 64"),
        refused(new AgentMessage.AddMirror(-1, 1, 0, 0, 4096), "mirror_id is 4294967295"),
        refused(new AgentMessage.FaultRequest(1, 1, 0, 0, Access.READ), "page_count is 0"),
        refused(new AgentMessage.FaultRequest(1, 1, 0, 513, Access.READ), "page_count is 513"),
        refused(new AgentMessage.FaultRequest(1, 1, 12, 1, Access.READ), "0xc"),
        refused(
            new AgentMessage.FaultRequest(1, 1, Pages.ADDRESS_LIMIT - 4096, 2, Access.READ),
            "fault.address"),
        refused(new AgentMessage.InvalidationAck(0, List.of()), "invalidation_ids"),
        refused(hello(new DeviceDescription(0, "x", 1, 1 << 27, "", false)), "memory_pages"),
        refused(hello(new DeviceDescription(0, "x", 1, 1, "a b", false)), "owner_group"),
        refused(held(new LocalPages(0, 0, 0, 1)), "migration_id"),
        refused(held(new LocalPages(64, 1, 0, 1)), "device_index"),
        refused(held(new LocalPages(0, 1, 0, 0)), "held.page_count"),
        refused(held(new LocalPages(0, 1, (1 << 27) - 2, 2)), "first_local_page"),
        refused(report(new MigrationRun.Report(513, MigrationRun.Outcome.DONE, 0)), "page_count"),
        refused(new AgentMessage.MigrationReport(1, List.of()), "number of migration runs"),
        refused(new AgentMessage.MigrateRequest(1, 1, 8, 1), "0x8"),
        refused(new AgentMessage.MigrateRequest(1, 1, 0, 513), "page_count"),
        refused(new AgentMessage.EvictRequest(1, 0, List.of(PAGE)), "evict.page_count"),
        refused(new AgentMessage.EvictRequest(1, 1, List.of()), "number of evict.candidates"),
        refused(
            new AgentMessage.EvictRequest(1, 1, List.of(PAGE, new LocalPages(1, 1, 0, 1))),
            "of one device"),
        refused(new AgentMessage.CloseDevice(64, 1), "device_index"));
  }

  private static final LocalPages PAGE = new LocalPages(0, 1, 0, 1);

  private static AgentMessage.Hello hello(DeviceDescription device) {
    return new AgentMessage.Hello(1, "a", 1, 1, List.of(device));
  }

  private static AgentMessage.Hello held(LocalPages pages) {
    return new AgentMessage.Hello(1, "a", 1, 1, HELLO.devices(), "", 1, List.of(pages));
  }

  private static AgentMessage.MigrationReport report(MigrationRun.Report run) {
    return new AgentMessage.MigrationReport(1, List.of(run));
  }

  private static Object[] refused(AgentMessage message, String text) {
    return new Object[] {message, text};
  }

  @Test
  void unknownEvent_isRefused() {
    AgentBatch wire = AgentBatch.newBuilder().addEvents(AgentEvent.getDefaultInstance()).build();

    assertThatThrownBy(() -> AgentMessageCodec.decode(wire))
        .isInstanceOf(MalformedMessageException.class);
  }

  @Test
  void unknownAccess_isRefused() {
    AgentBatch wire =
        AgentBatch.newBuilder()
            .addEvents(
                AgentEvent.newBuilder()
                    .setFault(
                        dev.fenceline.attach.v1.FaultRequest.newBuilder()
                            .setPageCount(1)
                            .setAccessValue(77)))
            .build();

    assertThatThrownBy(() -> AgentMessageCodec.decode(wire))
        .isInstanceOf(MalformedMessageException.class)
        .hasMessageContaining("access");
  }
}

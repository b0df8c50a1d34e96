package dev.fenceline.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fenceline.attach.v1.HostBatch;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.Errno;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.InvalidationKind;
import dev.fenceline.model.LocalPages;
import dev.fenceline.model.MigrationRun;
import dev.fenceline.model.PageRun;
import dev.fenceline.model.Peer;
import java.io.ByteArrayOutputStream;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class HostMessageCodecTest {
  private static final Peer PEER = new Peer(new DeviceId("b", 1), "node-2:7000");
  private static final Peer COHERENT = new Peer(new DeviceId("c", 0), "node-3:7000", true);

  private static final List<HostMessage> ALL =
      List.of(
          new HostMessage.Welcome("host", 7, 9, 3_000_000_000L, 600_000_000L, 256),
          new HostMessage.Refusal(HostMessage.RefusalReason.AGENT_ID_TAKEN, "taken", 5),
          new HostMessage.HeartbeatAck(4),
          new HostMessage.MirrorAdded(3, 12),
          new HostMessage.MirrorRefused(3, Errno.ENOENT, "no space 5"),
          new HostMessage.MirrorRemoved(3),
          new HostMessage.FaultReply(
              8,
              12,
              List.of(
                  new PageRun(3, (1 << 30) - 1, true, PageRun.State.PRESENT),
                  new PageRun(1, 0, false, PageRun.State.ZERO),
                  new PageRun(500, 0, false, PageRun.State.HOLE),
                  new PageRun(8, 0, false, PageRun.State.ERROR)),
              null,
              ""),
          new HostMessage.FaultReply(8, 12, List.of(), Errno.EFAULT, "nothing mapped"),
          new HostMessage.FaultReply(
              9,
              13,
              List.of(new PageRun(512, 4, true, PageRun.State.PRESENT, 0, null, 9)),
              511,
              null,
              ""),
          new HostMessage.MigrateIn(
              4,
              5,
              0,
              0x20_0000,
              List.of(new MigrationRun.In(512, 3, MigrationRun.Source.ZEROS)),
              9),
          new HostMessage.Invalidate(
              List.of(5L, -6L), 2, 4096, 8192, 13, InvalidationKind.CLEAR, -1),
          new HostMessage.Invalidate(List.of(5L), 2, 4096, 8192, 13, InvalidationKind.UNMAP, 0),
          new HostMessage.SpaceReleased(2),
          new HostMessage.Goodbye("shutting down"),
          new HostMessage.Welcome("h", 7, 9, 100, 20, 1, List.of(new LocalPages(1, -2, 3, 4))),
          new HostMessage.FaultReply(
              8,
              12,
              List.of(
                  new PageRun(3, 4, true, PageRun.State.DEVICE_LOCAL, 70, null, 0),
                  new PageRun(1, 4, true, PageRun.State.EXCLUSIVE),
                  new PageRun(1, 4, true, PageRun.State.PRESENT, 0, null, 18),
                  new PageRun(2, 4, false, PageRun.State.PEER, 9, PEER, 9)),
              null,
              ""),
          new HostMessage.MigrateIn(
              -4,
              2,
              63,
              4096,
              List.of(
                  new MigrationRun.In(1, 5, MigrationRun.Source.HOST),
                  new MigrationRun.In(1, 0, MigrationRun.Source.ZEROS),
                  new MigrationRun.In(4, 6, MigrationRun.Source.PEER, PEER, 8),
                  new MigrationRun.In(506, 0, MigrationRun.Source.SKIPPED))),
          new HostMessage.MigrateOut(
              4,
              2,
              0,
              4096,
              13,
              List.of(new MigrationRun.Out(2, 5, 100, false), new MigrationRun.Out(1, 0, 0, true))),
          new HostMessage.MigrateOut(
              5, 2, 0, 4096, 13, List.of(new MigrationRun.Out(2, 5, 100, false)), true),
          new HostMessage.MigrateIn(
              6,
              2,
              1,
              4096,
              List.of(new MigrationRun.In(2, 6, MigrationRun.Source.PEER, COHERENT, 8))),
          new HostMessage.FaultReply(
              10,
              12,
              List.of(new PageRun(2, 4, true, PageRun.State.PEER, 9, COHERENT, 0)),
              null,
              ""),
          new HostMessage.MigrationCommit(
              4,
              14,
              List.of(
                  new MigrationRun.Commit(2, true, 6, true),
                  new MigrationRun.Commit(1, false, 0, false))),
          new HostMessage.PagesReleased(List.of(new LocalPages(0, 4, 0, 2))),
          new HostMessage.MigrateReply(3, 512, null, ""),
          new HostMessage.MigrateReply(3, 0, Errno.EBUSY, "closing"),
          new HostMessage.EvictReply(3, 4096),
          new HostMessage.DeviceClosed(2, 1, 77));

  @Test
  void everyMessage_roundTrips() throws Exception {
    HostMessage.Batch batch = new HostMessage.Batch(-7, 9, ALL);

    HostBatch wire = HostBatch.parseFrom(HostMessageCodec.encode(batch).toByteArray());

    assertThat(HostMessageCodec.decode(wire)).isEqualTo(batch);
  }

  @Test
  void headerAndSharedEvents_concatenateToOneBatch() throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(HostMessageCodec.encodeHeader(-7, 9));
    for (HostMessage message : ALL) {
      bytes.writeBytes(HostMessageCodec.encodeEvent(message));
    }

    HostBatch wire = HostBatch.parseFrom(bytes.toByteArray());

    assertThat(HostMessageCodec.decode(wire)).isEqualTo(new HostMessage.Batch(-7, 9, ALL));
  }

  @ParameterizedTest
  @EnumSource(Errno.class)
  void everyErrno_roundTrips(Errno errno) throws Exception {
    assertThat(CommonCodec.decode(CommonCodec.encode(errno))).isEqualTo(errno);
  }

  @ParameterizedTest
  @EnumSource(InvalidationKind.class)
  void everyKind_roundTrips(InvalidationKind kind) throws Exception {
    assertThat(CommonCodec.decode(CommonCodec.encode(kind))).isEqualTo(kind);
  }

  @ParameterizedTest
  @EnumSource(HostMessage.RefusalReason.class)
  void everyReason_roundTrips(HostMessage.RefusalReason reason) throws Exception {
    HostMessage.Batch batch =
        new HostMessage.Batch(0, 0, List.of(new HostMessage.Refusal(reason, "", 0)));

    assertThat(HostMessageCodec.decode(HostMessageCodec.encode(batch))).isEqualTo(batch);
  }

  @ParameterizedTest
  @MethodSource("malformed")
  void malformedMessage_isRefused(HostMessage message) {
    HostBatch wire = HostMessageCodec.encode(new HostMessage.Batch(1, 1, List.of(message)));

    assertThatThrownBy(() -> HostMessageCodec.decode(wire))
        .isInstanceOf(MalformedMessageException.class);
  }

  static List<HostMessage> malformed() {
    PageRun page = new PageRun(1, 1, true, PageRun.State.PRESENT);
    PageRun large = new PageRun(512, 1, true, PageRun.State.PRESENT, 0, null, 9);
    return List.of(
        new HostMessage.Welcome("h", 1, 1, 0, 0, 1),
        new HostMessage.Welcome("h", 1, 1, 100, 100, 1),
        new HostMessage.Welcome("h", 1, 1, 100, 20, 0),
        new HostMessage.FaultReply(1, 1, List.of(), null, ""),
        new HostMessage.FaultReply(1, 1, List.of(page), Errno.EFAULT, ""),
        new HostMessage.FaultReply(1, 1, List.of(large, large, large, page), null, ""),
        new HostMessage.FaultReply(1, 1, List.of(large, page), 512, null, ""),
        new HostMessage.FaultReply(1, 1, List.of(page), 1, null, ""),
        new HostMessage.MigrateIn(
            1, 1, 0, 4096, List.of(new MigrationRun.In(1, 0, MigrationRun.Source.HOST)), 10),
        new HostMessage.FaultReply(
            1, 1, List.of(new PageRun(0, 1, true, PageRun.State.PRESENT)), null, ""),
        new HostMessage.FaultReply(
            1, 1, List.of(new PageRun(1, 1 << 30, true, PageRun.State.PRESENT)), null, ""),
        new HostMessage.Invalidate(List.of(), 1, 0, 4096, 1, InvalidationKind.UNMAP, -1),
        new HostMessage.Invalidate(List.of(1L), 1, 4096, 0, 1, InvalidationKind.UNMAP, -1),
        new HostMessage.Invalidate(List.of(1L), 1, 0, 4096, 1, InvalidationKind.UNMAP, 64),
        fault(new PageRun(1, 1, true, PageRun.State.PEER)),
        fault(new PageRun(1, 1, true, PageRun.State.DEVICE_LOCAL, 0, PEER, 0)),
        fault(new PageRun(2, 1, true, PageRun.State.DEVICE_LOCAL, (1 << 27) - 2, null, 0)),
        fault(new PageRun(1, 1, true, PageRun.State.PRESENT, 0, null, 19)),
        migrateIn(0, 4096, new MigrationRun.In(1, 0, MigrationRun.Source.HOST)),
        migrateIn(1, 4095, new MigrationRun.In(1, 0, MigrationRun.Source.HOST)),
        migrateIn(1, 4096, new MigrationRun.In(513, 0, MigrationRun.Source.HOST)),
        migrateIn(1, 4096, new MigrationRun.In(1, 1 << 30, MigrationRun.Source.HOST)),
        migrateIn(1, 4096, new MigrationRun.In(1, 0, MigrationRun.Source.PEER)),
        migrateIn(1, 4096, new MigrationRun.In(1, 0, MigrationRun.Source.HOST, PEER, 0)),
        new HostMessage.MigrateIn(1, 1, 0, 4096, List.of()),
        new HostMessage.MigrateOut(1, 1, 64, 0, 1, List.of(new MigrationRun.Out(1, 0, 0, false))),
        new HostMessage.MigrationCommit(1, 1, List.of()),
        new HostMessage.PagesReleased(List.of()),
        new HostMessage.MigrateReply(1, 513, null, ""));
  }

  private static HostMessage fault(PageRun run) {
    return new HostMessage.FaultReply(1, 1, List.of(run), null, "");
  }

  private static HostMessage migrateIn(long id, long start, MigrationRun.In run) {
    return new HostMessage.MigrateIn(id, 1, 0, start, List.of(run));
  }
}

package dev.fenceline.host.engine.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.model.Access;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.Errno;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.LocalPages;
import dev.fenceline.model.WaitPolicy;
import java.util.List;
import org.junit.jupiter.api.Test;

class DeviceRequestTest extends MigrationStage {
  @Test
  void unmappedDevicePages_areReleased() {
    touch(0, 4, Access.WRITE);
    toDevice(0, 4);

    long request = shard.unmap(space, 1, 2, WaitPolicy.BLOCK);
    shard.ack(1, 0, shard.lastInvalidation());
    memory.obey();

    assertThat(shard.outcome(request)).isInstanceOf(OperationOutcome.Done.class);
    assertThat(memory.held).containsOnlyKeys(0, 3);
    assertThat(shard.sent(HostMessage.PagesReleased.class).getLast().pages())
        .containsExactly(new LocalPages(0, memory.lastIn().migrationId(), 1, 2));
  }

  @Test
  void evictRequest_bringsCandidatesHome() {
    touch(0, 8, Access.WRITE);
    toDevice(0, 8);
    long migration = memory.lastIn().migrationId();

    shard.agent(
        1, new AgentMessage.EvictRequest(77, 2, List.of(new LocalPages(0, migration, 4, 4))));
    memory.reportOut();

    assertThat(memory.held).hasSize(6).doesNotContainKeys(4, 5);
    assertThat(shard.sent(HostMessage.EvictReply.class))
        .containsExactly(new HostMessage.EvictReply(77, 2));
  }

  @Test
  void closedDevice_isEmptiedAndTakesNothing() {
    touch(0, 8, Access.WRITE);
    toDevice(0, 8);

    shard.agent(1, new AgentMessage.CloseDevice(0, 7));
    long request = migrate(20, 1);
    memory.reportOut();

    assertThat(shard.sent(HostMessage.DeviceClosed.class))
        .containsExactly(new HostMessage.DeviceClosed(0, 0, 7));
    assertThat(memory.held).isEmpty();
    assertThat(((OperationOutcome.Refused) shard.outcome(request)).errno()).isEqualTo(Errno.EAGAIN);
  }

  @Test
  void returnedDevice_takesPagesAgain() {
    touch(0, 2, Access.WRITE);
    shard.agent(1, new AgentMessage.CloseDevice(0, 7));
    shard.agent(1, AgentMessage.CloseDevice.returned(0));

    toDevice(0, 2);

    assertThat(memory.held).hasSize(2);
    assertThat(shard.sent(HostMessage.DeviceClosed.class)).hasSize(1);
  }

  @Test
  void migrateRequestOfAnAgent_isAnsweredBehindItsMigration() {
    touch(0, 2, Access.WRITE);

    shard.agent(1, new AgentMessage.MigrateRequest(5, 1, at(0), 2));
    drainCpu();
    assertThat(shard.sent(HostMessage.MigrateReply.class)).isEmpty();
    memory.reportIn();

    assertThat(shard.sent(HostMessage.MigrateReply.class))
        .containsExactly(new HostMessage.MigrateReply(5, 2, null, ""));
  }
}

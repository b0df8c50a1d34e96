package dev.fenceline.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fenceline.model.DeviceId;
import dev.fenceline.model.RangeAttributes;
import dev.fenceline.model.RangeAttributes.AtomicMode;
import dev.fenceline.model.RangeAttributes.Granularity;
import dev.fenceline.model.RangeAttributes.MigrationPolicy;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Attributes come back as they were, and each word of theirs is the wire's word of that name. */
class RangeAttributesCodecTest {
  @Test
  void everyCombination_comesBack_underItsName() throws MalformedMessageException {
    for (Granularity granularity : Granularity.values()) {
      for (MigrationPolicy policy : MigrationPolicy.values()) {
        for (AtomicMode mode : AtomicMode.values()) {
          RangeAttributes attributes =
              new RangeAttributes(
                  new DeviceId("agent-1", 3),
                  List.of(DeviceId.CPU, new DeviceId("agent-2", 0)),
                  mode == AtomicMode.CPU,
                  granularity,
                  policy,
                  mode);
          var wire = RangeAttributesCodec.encode(attributes);
          assertThat(RangeAttributesCodec.decode(wire)).isEqualTo(attributes);
          assertThat(wire.getGranularity().name())
              .isEqualTo("GRANULARITY_" + granularity.name().replace("PAGE_", ""));
          assertThat(wire.getMigrationPolicy().name())
              .isEqualTo("MIGRATION_POLICY_" + policy.name().replace("ALLOWED", "UNSPECIFIED"));
          assertThat(wire.getAtomicMode().name()).isEqualTo("ATOMIC_MODE_" + mode.name());
        }
      }
    }
  }

  @Test
  void nothingWished_isTheEmptyMessage() throws MalformedMessageException {
    var wire = RangeAttributesCodec.encode(RangeAttributes.NONE);
    assertThat(wire.getSerializedSize()).isZero();
    assertThat(RangeAttributesCodec.decode(wire)).isEqualTo(RangeAttributes.NONE);
  }

  @Test
  void whatNobodyKnows_isRefusedByName() {
    assertThatThrownBy(
            () ->
                RangeAttributesCodec.decode(
                    dev.fenceline.space.v1.RangeAttributes.newBuilder()
                        .setAtomicModeValue(99)
                        .build()))
        .isInstanceOf(MalformedMessageException.class)
        .hasMessageContaining("atomic_mode");
  }
}

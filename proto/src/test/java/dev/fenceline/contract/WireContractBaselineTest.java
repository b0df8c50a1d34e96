package dev.fenceline.contract;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.FileDescriptor;
import dev.fenceline.attach.v1.AttachProto;
import dev.fenceline.common.v1.CommonProto;
import dev.fenceline.control.v1.ControlProto;
import dev.fenceline.device.v1.DeviceProto;
import dev.fenceline.query.v1.QueryProto;
import dev.fenceline.registry.v1.RegistryProto;
import dev.fenceline.space.v1.SpaceProto;
import dev.fenceline.transfer.v1.TransferProto;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A change that peers of an older version would not survive fails here. */
class WireContractBaselineTest {

  private static final Path SOURCES = Path.of("src", "main", "protobuf");
  private static final Path BASELINE =
      Path.of("src", "test", "resources", "wire-contract-baseline.txt");

  private static final String ACCEPT_COMMAND = "./fenceline accept-contract";
  private static final String ACCEPT_PROPERTY = "contract.accept";

  private static final List<FileDescriptor> FILES =
      List.of(
          AttachProto.getDescriptor(),
          CommonProto.getDescriptor(),
          ControlProto.getDescriptor(),
          DeviceProto.getDescriptor(),
          QueryProto.getDescriptor(),
          RegistryProto.getDescriptor(),
          SpaceProto.getDescriptor(),
          TransferProto.getDescriptor());

  @Test
  void contract_keepsWhatTheBaselinePromises() throws IOException {
    WireContract current = WireContract.of(FILES);
    if (Boolean.getBoolean(ACCEPT_PROPERTY)) {
      accept(current);
    }
    WireContract baseline = WireContract.parse(Files.readAllLines(BASELINE));

    assertThat(baseline.entries()).isNotEmpty();
    assertThat(baseline.breachesIn(current))
        .as("breaking changes (only if no deployed peer speaks the old form: %s)", ACCEPT_COMMAND)
        .isEmpty();
  }

  @Test
  void everyProtoFile_isCompared() throws IOException {
    try (var files = Files.walk(SOURCES)) {
      List<String> names =
          files
              .filter(file -> file.toString().endsWith(".proto"))
              .map(file -> SOURCES.relativize(file).toString().replace('\\', '/'))
              .toList();
      assertThat(FILES.stream().map(FileDescriptor::getName))
          .containsExactlyInAnyOrderElementsOf(names);
    }
  }

  private static void accept(WireContract current) throws IOException {
    List<String> lines = new ArrayList<>();
    lines.add(
        "# The wire contract that peers rely on. Additions need no change here, but are only");
    lines.add("# guarded from then on: accept them (and a deliberate break) with");
    lines.add("#   " + ACCEPT_COMMAND);
    lines.addAll(current.toLines());
    Files.write(BASELINE, lines);
  }
}

package dev.fenceline.security;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import dev.fenceline.attach.v1.AttachProto;
import dev.fenceline.control.v1.ControlProto;
import dev.fenceline.device.v1.DeviceProto;
import dev.fenceline.query.v1.QueryProto;
import dev.fenceline.registry.v1.RegistryProto;
import dev.fenceline.space.v1.SpaceProto;
import dev.fenceline.transfer.v1.TransferProto;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AccessTableTest {
  private static final List<FileDescriptor> FILES =
      List.of(
          AttachProto.getDescriptor(),
          TransferProto.getDescriptor(),
          RegistryProto.getDescriptor(),
          QueryProto.getDescriptor(),
          DeviceProto.getDescriptor(),
          SpaceProto.getDescriptor(),
          ControlProto.getDescriptor());

  @Test
  void everyServiceOfTheContract_hasARow() {
    for (FileDescriptor file : FILES) {
      for (ServiceDescriptor service : file.getServices()) {
        assertThat(AccessTable.FENCELINE.names(service.getFullName()))
            .as("a row for %s, without which nobody may call it", service.getFullName())
            .isTrue();
      }
    }
  }

  @Test
  void rows_areThoseOfTheDocument() {
    assertThat(callers("fenceline.attach.v1.AttachService")).containsExactly("agent/x");
    assertThat(callers("fenceline.transfer.v1.TransferService")).containsExactly("agent/x");
    assertThat(callers("fenceline.device.v1.SyncPointService")).containsExactly("agent/x");
    assertThat(callers("fenceline.registry.v1.RegistryService"))
        .containsExactly("host/x", "agent/x");
    for (String service :
        List.of(
            "fenceline.query.v1.HostQueryService",
            "fenceline.device.v1.DeviceService",
            "fenceline.space.v1.AddressSpaceService")) {
      assertThat(callers(service))
          .as(service)
          .containsExactly("coordinator/x", "client/x", "client/admin");
    }
    for (String service :
        List.of(
            "fenceline.control.v1.HostControlService",
            "fenceline.control.v1.AgentControlService")) {
      assertThat(callers(service)).as(service).containsExactly("coordinator/x", "client/admin");
    }
    assertThat(callers("grpc.health.v1.Health")).hasSize(5);
    assertThat(callers("fenceline.unheard.v1.OfService")).isEmpty();
  }

  private static List<String> callers(String service) {
    List<PeerIdentity> all = new ArrayList<>();
    for (PeerRole role : PeerRole.values()) {
      all.add(new PeerIdentity(role, "x"));
    }
    all.add(new PeerIdentity(PeerRole.CLIENT, "admin"));
    return all.stream()
        .filter(caller -> AccessTable.FENCELINE.objection(service, caller) == null)
        .map(PeerIdentity::toString)
        .toList();
  }
}

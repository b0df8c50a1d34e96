package dev.fenceline.host.engine.session;

import dev.fenceline.model.AgentMessage.Hello;
import dev.fenceline.model.DeviceDescription;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a Hello must look like; stateless. */
public final class HelloCheck {
  static final int PROTOCOL_VERSION = 1;
  static final int MAX_DEVICES = 64;
  static final int MAX_NAME_LENGTH = 128;
  static final int MAX_UNITS = 1024;

  private HelloCheck() {}

  /** What is wrong with an agent's id; null if nothing is. */
  public static @Nullable String malformedAgentId(String agentId) {
    return validName(agentId) && !agentId.equals("cpu")
        ? null
        : "agent id '%s': 1 to %d characters of A-Z a-z 0-9 . _ - and not 'cpu'"
            .formatted(excerpt(agentId), MAX_NAME_LENGTH);
  }

  /** What is wrong with it, with the value; null if nothing is. */
  static @Nullable String malformed(Hello hello) {
    String malformedId = malformedAgentId(hello.agentId());
    if (malformedId != null) {
      return malformedId;
    }
    if (hello.bootToken() == 0) {
      return "boot token 0: must be random and not 0";
    }
    if (hello.dialAttempt() < 1) {
      return "dial attempt " + hello.dialAttempt() + ": must be counted from 1";
    }
    List<DeviceDescription> devices = hello.devices();
    if (devices.isEmpty() || devices.size() > MAX_DEVICES) {
      return devices.size() + " devices: must be 1 to " + MAX_DEVICES;
    }
    for (int i = 0; i < devices.size(); i++) {
      DeviceDescription device = devices.get(i);
      if (device.index() != i) {
        return "device at place " + i + " has index " + device.index();
      }
      if (device.name().isEmpty() || device.name().length() > MAX_NAME_LENGTH) {
        return "name of device %d has %d characters: must be 1 to %d"
            .formatted(i, device.name().length(), MAX_NAME_LENGTH);
      }
      if (device.units() < 1 || device.units() > MAX_UNITS) {
        return "device %d has %d units: must be 1 to %d".formatted(i, device.units(), MAX_UNITS);
      }
    }
    return null;
  }

  private static boolean validName(String name) {
    return !name.isEmpty()
        && name.length() <= MAX_NAME_LENGTH
        && name.chars().allMatch(HelloCheck::validCharacter);
  }

  private static boolean validCharacter(int c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == '.'
        || c == '_'
        || c == '-';
  }

  private static String excerpt(String text) {
    return text.length() <= 40 ? text : text.substring(0, 40) + "...";
  }
}

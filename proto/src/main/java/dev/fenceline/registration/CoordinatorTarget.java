package dev.fenceline.registration;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;

/** {@code name:port} under which coordinators are reached. Immutable. */
public record CoordinatorTarget(String name, int port) {
  /** What {@link #parse} takes: the port has one to five digits. */
  public static final String SYNTAX = "[^\\s:/,]+:[0-9]{1,5}";

  /**
   * @throws IllegalArgumentException if it is no {@code name:port}
   */
  public static CoordinatorTarget parse(String text) {
    int colon = text.lastIndexOf(':');
    if (!text.matches(SYNTAX)) {
      throw new IllegalArgumentException("'" + text + "' is no coordinator; it must be host:port");
    }
    return new CoordinatorTarget(
        text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
  }

  /**
   * One gRPC target for each address that the name has; of the family of the first one only, since
   * a process with an IPv4 and an IPv6 address would otherwise be met twice.
   */
  List<String> addresses(AddressLookup lookup) throws UnknownHostException {
    List<InetAddress> all = lookup.addresses(name);
    return all.stream()
        .filter(address -> address.getClass() == all.getFirst().getClass())
        .map(this::target)
        .distinct()
        .sorted()
        .toList();
  }

  private String target(InetAddress address) {
    String literal = address.getHostAddress();
    return (address instanceof Inet6Address ? "[" + literal + "]" : literal) + ":" + port;
  }
}

package dev.fenceline.client.resource;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An agent as of its last report; immutable.
 *
 * @param standing {@code healthy} or {@code quarantined}, which it is if one host has it in
 *     quarantine
 * @param quarantinedAt hosts that have it in quarantine
 */
public record Agent(
    String id,
    Registration node,
    int deviceCount,
    String standing,
    List<String> quarantinedAt,
    List<Link> links) {

  /**
   * An agent with what it says now; immutable.
   *
   * @param standings what each host says of it; a host that says nothing is not listed
   * @param unavailable null if the agent answers
   */
  public record Detail(
      Agent agent,
      List<Standing> standings,
      List<Device.Detail> devices,
      @Nullable Unavailable unavailable) {}

  /**
   * The agent's link to a host; immutable.
   *
   * @param state {@code disconnected}, {@code draining}, {@code dialing}, {@code attached} or
   *     {@code fenced}
   * @param leaseLeftMillis until the agent fences itself off; negative when it has
   */
  public record Link(String hostId, String state, String sessionId, double leaseLeftMillis) {}
}

package dev.fenceline.client.resource;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** An agent as of its last report; immutable. */
public record Agent(String id, Registration node, int deviceCount, List<Link> links) {

  /**
   * An agent with what it says now; immutable.
   *
   * @param unavailable null if the agent answers
   */
  public record Detail(
      Agent agent, List<Device.Detail> devices, @Nullable Unavailable unavailable) {}

  /**
   * The agent's link to a host; immutable.
   *
   * @param state {@code disconnected}, {@code draining}, {@code dialing}, {@code attached} or
   *     {@code fenced}
   * @param leaseLeftMillis until the agent fences itself off; negative when it has
   */
  public record Link(String hostId, String state, String sessionId, double leaseLeftMillis) {}
}

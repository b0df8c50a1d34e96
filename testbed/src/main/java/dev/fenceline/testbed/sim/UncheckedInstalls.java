package dev.fenceline.testbed.sim;

import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.Pages;
import java.util.HashMap;
import java.util.Map;

/**
 * The breakage of an agent that installs what a fault brings whatever has arrived since it was
 * asked for. Confined to the event loop.
 */
final class UncheckedInstalls {
  private final SimAgent agent;
  private final Map<Long, AgentMessage.FaultRequest> requests = new HashMap<>();

  UncheckedInstalls(SimAgent agent) {
    this.agent = agent;
  }

  void asked(AgentMessage.Batch batch) {
    for (AgentMessage message : batch.messages()) {
      if (message instanceof AgentMessage.FaultRequest request) {
        requests.put(request.faultId(), request);
      }
    }
  }

  void install(HostMessage.Batch batch) {
    for (HostMessage message : batch.messages()) {
      if (message instanceof HostMessage.FaultReply reply
          && batch.sessionId() == agent.sessionId()) {
        AgentMessage.FaultRequest request = requests.remove(reply.faultId());
        SimSpace space = request == null ? null : agent.mirrors().spaceOf(request.mirrorId());
        SimDevice device = request == null ? null : agent.mirrors().deviceOf(request.mirrorId());
        if (request != null && space != null && device != null) {
          long vpn = Pages.number(request.address()) - reply.pagesBefore();
          device.install(space, agent.sessionId(), vpn, reply.runs());
        }
      }
    }
  }
}

package dev.fenceline.coordinator.adapter.rest;

import dev.fenceline.coordinator.adapter.rest.model.HostPolicyView;
import dev.fenceline.coordinator.engine.NodeView;
import dev.fenceline.coordinator.engine.query.HostPolicy;
import dev.fenceline.coordinator.runtime.HostCommands;
import dev.fenceline.coordinator.runtime.HostQueries;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** What hosts do by themselves. Thread-safe. */
@RestController
@RequestMapping(path = "/api/v1/hosts/{hostId}/policy", produces = MediaType.APPLICATION_JSON_VALUE)
@Tag(name = "nodes", description = "Hosts, agents and devices")
class HostPolicyController {
  private static final long MOST_STRIKES = 1_000_000;
  private static final double MOST_SECONDS = 30 * 86_400;

  private final NodeDirectory directory;
  private final HostQueries hosts;
  private final HostCommands commands;

  HostPolicyController(NodeDirectory directory, HostQueries hosts, HostCommands commands) {
    this.directory = directory;
    this.hosts = hosts;
    this.commands = commands;
  }

  @GetMapping
  @Operation(summary = "The host's policy", operationId = "getHostPolicy")
  HostPolicyView policy(@Parameter(example = "host-1") @PathVariable("hostId") String hostId) {
    NodeView host = directory.askableHost(Parameters.nodeId("hostId", hostId));
    return view(
        directory.value(
            host, hosts.policy(host.endpoint()), ProblemType.REQUEST_REFUSED, "its policy"));
  }

  @PutMapping(consumes = MediaType.APPLICATION_JSON_VALUE)
  @Operation(
      summary = "Replaces the host's policy; all members are needed",
      operationId = "setHostPolicy")
  HostPolicyView setPolicy(
      @Parameter(example = "host-1") @PathVariable("hostId") String hostId,
      @RequestBody HostPolicyView body,
      HttpServletRequest request) {
    HostPolicy policy = policy(body);
    NodeView host = directory.askableHost(Parameters.nodeId("hostId", hostId));
    Audit.about(request, Audit.Subject.host(hostId, "set the policy of host " + hostId));
    return view(
        directory.value(
            host,
            commands.setPolicy(host.endpoint(), policy),
            ProblemType.REQUEST_REFUSED,
            "its policy"));
  }

  private static HostPolicy policy(HostPolicyView body) {
    long holdNanos =
        Members.seconds("quarantineHoldSeconds", body.quarantineHoldSeconds(), MOST_SECONDS);
    long greatestNanos =
        Members.seconds(
            "quarantineGreatestHoldSeconds", body.quarantineGreatestHoldSeconds(), MOST_SECONDS);
    if (greatestNanos < holdNanos) {
      throw ProblemException.invalidParameter(
          "quarantineGreatestHoldSeconds",
          String.valueOf(body.quarantineGreatestHoldSeconds()),
          "at least quarantineHoldSeconds, " + body.quarantineHoldSeconds());
    }
    return new HostPolicy(
        Members.number("quarantineStrikes", body.quarantineStrikes(), 0, MOST_STRIKES),
        Members.seconds("quarantineWindowSeconds", body.quarantineWindowSeconds(), MOST_SECONDS),
        holdNanos,
        greatestNanos,
        Members.mode("defaultNotificationMode", body.defaultNotificationMode()));
  }

  private static HostPolicyView view(HostPolicy policy) {
    return new HostPolicyView(
        policy.quarantineStrikes(),
        policy.windowNanos() / 1e9,
        policy.holdNanos() / 1e9,
        policy.greatestHoldNanos() / 1e9,
        Views.word(policy.defaultNotificationMode()));
  }
}

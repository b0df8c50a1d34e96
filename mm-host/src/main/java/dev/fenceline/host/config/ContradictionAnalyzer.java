package dev.fenceline.host.config;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Says in one sentence which value is wrong, instead of a stack trace. Stateless. */
class ContradictionAnalyzer extends AbstractFailureAnalyzer<ContradictoryConfiguration> {
  @Override
  protected FailureAnalysis analyze(Throwable failure, ContradictoryConfiguration cause) {
    return new FailureAnalysis(
        "The configuration below fenceline.host cannot be used: " + cause.getMessage(),
        "Change the value; docs/PROTOCOL.md says how the times of leases hang together.",
        failure);
  }
}

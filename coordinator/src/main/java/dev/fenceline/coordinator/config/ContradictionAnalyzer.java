package dev.fenceline.coordinator.config;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/**
 * Says in one sentence which configuration contradicts itself, instead of a stack trace. Stateless.
 */
class ContradictionAnalyzer extends AbstractFailureAnalyzer<ContradictoryConfiguration> {
  @Override
  protected FailureAnalysis analyze(Throwable failure, ContradictoryConfiguration cause) {
    return new FailureAnalysis(
        "The configuration contradicts itself: " + cause.getMessage(), cause.remedy(), failure);
  }
}

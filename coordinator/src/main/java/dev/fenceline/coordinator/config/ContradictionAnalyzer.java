package dev.fenceline.coordinator.config;

import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.BeanCreationException;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/**
 * Says in one sentence which configuration contradicts itself, instead of a stack trace. Stateless.
 */
class ContradictionAnalyzer extends AbstractFailureAnalyzer<BeanCreationException> {
  @Override
  protected @Nullable FailureAnalysis analyze(Throwable failure, BeanCreationException cause) {
    Throwable root = cause.getMostSpecificCause();
    if (!"registrySettings".equals(cause.getBeanName())
        || !(root instanceof IllegalArgumentException)) {
      return null;
    }
    return new FailureAnalysis(
        "The configuration below fenceline.coordinator contradicts itself: " + root.getMessage(),
        "Change liveness-timeout, report-interval, recovery-window or retention; leave the middle"
            + " two out to have them derived.",
        failure);
  }
}

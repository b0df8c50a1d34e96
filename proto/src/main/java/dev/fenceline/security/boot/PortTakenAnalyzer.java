package dev.fenceline.security.boot;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Says that the gRPC port is taken, as Boot does of the HTTP port. Stateless. */
class PortTakenAnalyzer extends AbstractFailureAnalyzer<IOException> {
  @Override
  protected @Nullable FailureAnalysis analyze(Throwable failure, IOException cause) {
    if (!ServiceStart.isBind(cause)) {
      return null;
    }
    return new FailureAnalysis(
        "gRPC server failed to start. "
            + cause.getMessage()
            + ": "
            + (cause.getCause() == null ? "taken" : cause.getCause().getMessage()),
        "Stop the process that listens there, or set spring.grpc.server.port (and .address).",
        failure);
  }
}

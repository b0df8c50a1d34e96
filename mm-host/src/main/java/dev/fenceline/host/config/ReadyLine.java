package dev.fenceline.host.config;

import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.event.EventListener;
import org.springframework.grpc.server.lifecycle.GrpcServerStartedEvent;
import org.springframework.stereotype.Component;

/** Tells which ports were taken, once all is ready: launchers read the line. Thread-safe. */
@Component
public class ReadyLine {
  private volatile int grpcPort;
  private volatile int httpPort;

  @EventListener
  void grpcStarted(GrpcServerStartedEvent event) {
    grpcPort = event.getPort();
  }

  @EventListener
  @SuppressWarnings("SystemOut") // a contract with launchers, independent of the log's format
  void ready(ApplicationReadyEvent event) {
    if (event.getApplicationContext() instanceof WebServerApplicationContext web
        && web.getWebServer() != null) {
      httpPort = web.getWebServer().getPort();
    }
    System.out.println("fenceline-mm-host ready grpc=" + grpcPort + " http=" + httpPort);
  }

  /** The port of the gRPC server; 0 before it was started. */
  public int grpcPort() {
    return grpcPort;
  }

  /** The port of the HTTP server; 0 before all was ready. */
  public int httpPort() {
    return httpPort;
  }
}

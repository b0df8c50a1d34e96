package dev.fenceline.agent.config;

import dev.fenceline.security.boot.ServiceStart;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** The process of a device agent. Stateless; started once by the JVM. */
@SpringBootApplication(scanBasePackages = "dev.fenceline.agent")
public class AgentApplication {

  /** Starts the service with Spring's command line options. */
  public static void main(String[] args) {
    ServiceStart.run(AgentApplication.class, args);
  }
}

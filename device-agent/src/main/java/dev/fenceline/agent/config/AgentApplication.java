package dev.fenceline.agent.config;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** The process of a device agent. Stateless; started once by the JVM. */
@SpringBootApplication(scanBasePackages = "dev.fenceline.agent")
public class AgentApplication {

  /** Starts the service with Spring's command line options. */
  public static void main(String[] args) {
    SpringApplication.run(AgentApplication.class, args);
  }
}

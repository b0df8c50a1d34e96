package dev.fenceline.coordinator.config;

import dev.fenceline.security.boot.ServiceStart;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** The process of a coordinator. Stateless; started once by the JVM. */
@SpringBootApplication(scanBasePackages = "dev.fenceline.coordinator")
public class CoordinatorApplication {

  /** Starts the service with Spring's command line options. */
  public static void main(String[] args) {
    ServiceStart.run(CoordinatorApplication.class, args);
  }
}

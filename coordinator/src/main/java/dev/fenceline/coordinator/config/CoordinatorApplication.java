package dev.fenceline.coordinator.config;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** The process of a coordinator. Stateless; started once by the JVM. */
@SpringBootApplication(scanBasePackages = "dev.fenceline.coordinator")
public class CoordinatorApplication {

  /** Starts the service with Spring's command line options. */
  public static void main(String[] args) {
    SpringApplication.run(CoordinatorApplication.class, args);
  }
}

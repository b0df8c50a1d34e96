package dev.fenceline.host.config;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** The process of a host memory manager. Stateless; started once by the JVM. */
@SpringBootApplication(scanBasePackages = "dev.fenceline.host")
public class HostApplication {

  /** Starts the service with Spring's command line options. */
  public static void main(String[] args) {
    SpringApplication.run(HostApplication.class, args);
  }
}

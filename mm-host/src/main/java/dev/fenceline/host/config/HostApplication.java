package dev.fenceline.host.config;

import dev.fenceline.security.boot.ServiceStart;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** The process of a host memory manager. Stateless; started once by the JVM. */
@SpringBootApplication(scanBasePackages = "dev.fenceline.host")
public class HostApplication {

  /** Starts the service with Spring's command line options. */
  public static void main(String[] args) {
    ServiceStart.run(HostApplication.class, args);
  }
}

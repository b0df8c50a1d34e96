package dev.fenceline.security.boot;

import dev.fenceline.security.SecurityRefusal;
import java.io.IOException;
import java.net.BindException;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesBindException;

/** The start of a service's process, which ends with a code that says why. Stateless. */
public final class ServiceStart {
  /** EX_UNAVAILABLE of sysexits: a port is taken, so trying again later may help. */
  public static final int PORT_TAKEN = 69;

  private static final int FAILED = 1;

  private ServiceStart() {}

  /** Runs until the servers listen; ends the process if they never will. */
  public static void run(Class<?> application, String... arguments) {
    try {
      SpringApplication.run(application, arguments);
    } catch (RuntimeException failure) { // told of already, by Boot's analyzers
      System.exit(exitCode(failure));
    }
  }

  /** By what is at the bottom of the failure. */
  static int exitCode(Throwable failure) {
    int code = FAILED;
    for (Throwable each = failure; each != null; each = each.getCause()) {
      if (each instanceof EndsStart says) {
        return says.exitCode();
      }
      if (each instanceof ConfigurationPropertiesBindException) {
        code = SecurityRefusal.EXIT_CODE;
      } else if (each instanceof BindException || (each instanceof IOException io && isBind(io))) {
        code = PORT_TAKEN;
      }
    }
    return code;
  }

  /** Whether gRPC's transport could not listen. */
  static boolean isBind(IOException failure) {
    return String.valueOf(failure.getMessage()).startsWith("Failed to bind to address");
  }
}

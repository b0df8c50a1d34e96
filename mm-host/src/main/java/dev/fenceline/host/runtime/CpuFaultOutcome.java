package dev.fenceline.host.runtime;

import dev.fenceline.model.Errno;

/** How a CPU fault ended; immutable. */
sealed interface CpuFaultOutcome {
  /** Translations of a prefix were installed. */
  record Installed() implements CpuFaultOutcome {}

  record Refused(Errno errno, String message) implements CpuFaultOutcome {}

  CpuFaultOutcome INSTALLED = new Installed();
}

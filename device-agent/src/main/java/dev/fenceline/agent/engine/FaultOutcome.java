package dev.fenceline.agent.engine;

import dev.fenceline.model.Errno;
import dev.fenceline.model.PageRun;
import java.util.List;

/** How a fault ended for one who asked; immutable. */
public sealed interface FaultOutcome {
  /** The first page is installed with the access asked for; perhaps more of them are. */
  record Served() implements FaultOutcome {}

  /** What is there, for a snapshot; a prefix of the pages asked for. */
  record Reported(List<PageRun> runs) implements FaultOutcome {}

  /** The first page cannot be had, for good. Never because of collisions or lost time (INV-9). */
  record Refused(Errno errno, String message, long address) implements FaultOutcome {}
}

package dev.fenceline.testbed.sim;

import dev.fenceline.agent.engine.FaultOutcome;

/** Who waits for a fault of a device. Confined to the event loop. */
interface FaultWaiter {
  /** The fault was answered. */
  void faultDone(FaultOutcome outcome);
}

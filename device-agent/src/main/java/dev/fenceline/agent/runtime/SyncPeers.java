package dev.fenceline.agent.runtime;

import dev.fenceline.agent.runtime.program.SyncPoint;

/** Sync points of other agents, as the runtime reaches them. Thread-safe. */
public interface SyncPeers extends AutoCloseable {
  /** For an agent that knows no others: nothing of theirs is ever reached. */
  SyncPeers NONE =
      new SyncPeers() {
        @Override
        public boolean await(SyncPoint point, long timeoutNanos) throws InterruptedException {
          Thread.sleep(timeoutNanos / 1_000_000);
          return false;
        }

        @Override
        public void close() {}
      };

  /**
   * Waits for a sync point of another agent, and takes the whole time if that agent cannot be
   * reached.
   *
   * @param timeoutNanos at most 1 s
   * @return whether it is reached
   */
  boolean await(SyncPoint point, long timeoutNanos) throws InterruptedException;

  @Override
  void close();
}

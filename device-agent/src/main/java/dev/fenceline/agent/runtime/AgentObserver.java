package dev.fenceline.agent.runtime;

import dev.fenceline.agent.engine.LinkState;

/** Hears what is measured: a port. Thread-safe; must not block. */
public interface AgentObserver {
  /** Hears nothing. */
  AgentObserver NONE =
      new AgentObserver() {
        @Override
        public void drained(Device device, long nanos) {}

        @Override
        public void dmaDone(Device device, boolean write, int bytes, long nanos) {}

        @Override
        public void faultDone(Device device, long nanos) {}

        @Override
        public void linkAdded(HostLink link) {}

        @Override
        public void linkStateChanged(HostLink link, LinkState state, String reason) {}
      };

  /** An invalidation was acknowledged this long after it was received. */
  void drained(Device device, long nanos);

  void dmaDone(Device device, boolean write, int bytes, long nanos);

  /** An execution unit waited this long for a fault. */
  void faultDone(Device device, long nanos);

  void linkAdded(HostLink link);

  void linkStateChanged(HostLink link, LinkState state, String reason);
}

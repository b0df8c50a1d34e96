package dev.fenceline.host.adapter.metrics;

/** What a host counts besides its fences; immutable. */
enum HostCounter {
  OPERATIONS("fenceline_host_operations", "Operations on address spaces that ended"),
  FAULTS("fenceline_host_faults", "Faults of devices that were answered or parked"),
  FAULT_PAGES("fenceline_host_fault_pages", "Pages that answers to faults granted"),
  TURNS("fenceline_host_turns", "Turns that devices got whose faults collided too often"),
  THRASHING("fenceline_host_thrashing", "Pages that were wanted back and forth, by what was done"),
  OOM_KILLS("fenceline_host_oom_kills", "Address spaces killed for want of memory"),
  OOM_FREED_FRAMES("fenceline_host_oom_freed_frames", "Page frames taken from killed spaces"),
  OOM_BACK_OFFS(
      "fenceline_host_oom_back_offs",
      "Tries to take memory of killed spaces that met a device which had to drain"),
  HELD_OPERATIONS("fenceline_host_held_operations", "Operations that waited for a device's turn"),
  CPU_FAULTS("fenceline_host_cpu_faults", "CPU accesses that missed the CPU's mirror"),
  DMA_REQUESTS("fenceline_host_dma_requests", "Requests of devices to move bytes"),
  DMA_BYTES("fenceline_host_dma_bytes", "Bytes that devices moved"),
  LATE_MESSAGES(
      "fenceline_host_late_messages",
      "Messages of a stale epoch or session, which changed nothing"),
  MALFORMED_MESSAGES(
      "fenceline_host_malformed_messages",
      "Attach streams ended because of a message that the contract does not allow"),
  COLLAPSED_MESSAGES(
      "fenceline_host_outbound_collapsed_messages",
      "Messages that went into coarser ones because their agent lags"),
  OVERFLOWS(
      "fenceline_host_outbound_overflows",
      "Attach streams ended because their reader lags beyond the bound"),
  SESSION_CHANGES("fenceline_host_session_changes", "Changes of a session's state"),
  QUARANTINES("fenceline_host_quarantines", "Times that an agent was quarantined"),
  HELLOS_REFUSED("fenceline_host_hellos_refused", "Well-formed Hellos that were refused"),
  BROKEN_INVARIANTS(
      "fenceline_host_broken_invariants",
      "Shards and session engines that stopped because their state is broken");

  final String meter;
  final String description;

  HostCounter(String meter, String description) {
    this.meter = meter;
    this.description = description;
  }
}

package dev.fenceline.testbed.sim;

/**
 * A deliberate error in how the simulator wires the engines together, to prove that it would be
 * found. Immutable. The engines themselves have no such switches.
 */
public enum Breakage {
  NONE("the correct protocol"),
  ACK_BEFORE_DRAIN("an agent's shell says drained while accesses are in flight"),
  INSTALL_WITHOUT_SEQUENCE_CHECK("a fault's translations are installed whatever arrived since"),
  FRAMES_FREED_AT_UNMAP("frames go back to the pool at B instead of C"),
  LEASE_WITHOUT_MARGIN("the host counts half of the lease that it granted"),
  STALE_DMA_ACCEPTED("the memory's owner does not check generations, as hardware with a stale TLB"),
  OLD_SESSION_DMA_ACCEPTED("a DMA of an old session or epoch is taken for the current one's"),
  CPU_NOT_A_PARTICIPANT("the CPU's translations stay, its drain is claimed at once"),
  HELLO_BEFORE_DRAIN("a broken session is said to have drained at once"),
  NO_SELF_FENCE("a lease that ran out stops no access on the device"),
  MIRROR_NOT_NOTIFIED("one agent's Invalidate is lost and acknowledged by the transport"),
  HOLDERS_FORGOTTEN("the host forgets who holds a page after it granted it"),
  OVERDUE_RENEWED("an agent that owes an overdue fence keeps its lease"),
  NO_HOST_TIMER("leases are looked at only when something else happens"),
  ZERO_PAGE_KEPT("the CPU keeps the zero page when a page gets its frame"),
  FRAME_NOT_ZEROED("a reused frame shows what was in it"),
  SESSION_END_NOT_TOLD("one shard does not hear that a session ended"),
  FAULT_REPLY_LOST("the stream loses one message in the middle"),
  HELLO_ORDERED_BY_ARRIVAL("the host takes the Hello that arrived last for the one sent last"),
  PINNED_FRAME_FREED("the frame of a pinned page is freed when the page is unmapped"),
  QUARANTINE_RESOLVES_FENCES("a quarantined agent's fences are resolved before its lease ran out"),
  COPY_ON_WRITE_WITHOUT_COPY("who writes to a shared page gets a frame without its bytes"),
  FORK_LEAVES_WRITABLE("one page that a fork shares stays writable"),
  SWAPPED_PAGE_NOT_WRITTEN("a page that is swapped out is not written to its slot"),
  DIRTY_DATA_DROPPED_ON_EVICT("a page that goes home from a device arrives without its bytes"),
  COPY_NOT_RELEASED("an agent that lost the commit of a page's way home goes on holding its copy"),
  MIGRATED_PAGE_MAPPED_UNCHECKED("what a migration brought is mapped though its mirror was closed"),
  EXCLUSIVE_NOT_REVOKED("the CPU gets at a page that a device has for itself alone"),
  EXCLUSIVE_HEARS_ITSELF("a device hears of its own taking a page for itself as of another's"),
  DOWNGRADE_BEFORE_DRAIN(
      "what is copied or written out is what the page held when it was unmapped"),
  PIN_AFTER_UNMAP("a pin takes a frame that is on its way out, and nobody looks again"),
  DEADLOCKS_NOT_BROKEN("circles of waits are found, and nothing is done about them"),
  PEER_ACCESS_UNCHECKED("a device serves peers without a look at its own entry of the page"),
  DOUBTFUL_WRITE_REPEATED("a CPU writes to a device's memory again when the answer was lost");

  private final String meaning;

  Breakage(String meaning) {
    this.meaning = meaning;
  }

  /** What is broken, in a sentence. */
  public String meaning() {
    return meaning;
  }
}

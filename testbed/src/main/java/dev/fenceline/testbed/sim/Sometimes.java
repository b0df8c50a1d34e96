package dev.fenceline.testbed.sim;

import dev.fenceline.host.engine.shard.ShardEffect;

/**
 * Rare states that a campaign must have reached, or it proves nothing. Immutable.
 *
 * <p>Each is counted by the simulator where it happens.
 */
public enum Sometimes {
  COLLISION_RETRY,
  FAULT_PARKED,
  BACKED_OFF,
  TRY_REFUSED,
  LEASE_EXPIRED,
  SELF_FENCED,
  STALE_SESSION_DMA_REFUSED,
  STALE_PAGE_DMA_REFUSED,
  LATE_MESSAGE_AT_HOST,
  LATE_MESSAGE_AT_AGENT,
  RESTART_DURING_FENCE,
  EXPIRY_RACES_ACK,
  OVERDUE_NOT_RENEWED,
  REATTACHED_RESOLVES_FENCE,
  INPUT_BETWEEN_A_AND_B,
  INPUT_BETWEEN_B_AND_C,
  WAITED_FOR_CPU,
  DRAIN_WAITED_FOR_ACCESS,
  DMA_GRANTED_WHILE_INVALIDATING,
  DELIVERED_BUT_TOLD_FAILED,
  AGENT_CRASHED,
  HOST_CRASHED,
  COORDINATOR_CRASHED,
  FROZEN_BETWEEN_CHECK_AND_DMA,
  HALF_DEAD_LINK,
  FRAMES_EXHAUSTED,
  MIRROR_REMOVED,
  SPACE_DESTROYED,
  SPACE_FORKED,
  SEQUENTIAL_INVALIDATION,
  IN_DOUBT_WRITE_LANDED,
  AGENT_ID_TAKEN,
  LATE_HELLO_REFUSED,
  QUARANTINED_BY_POLICY,
  QUARANTINED_BY_OPERATOR,
  QUARANTINED_OWING,
  QUARANTINED_REFUSED,
  RETURNED,
  /** A cold page gave its frame back. */
  SWAPPED_OUT,
  /** Two pages of different mappings of one object have its frame. */
  OBJECT_SHARED,
  /** A page got a frame of its own because others had its. */
  COPIED_ON_WRITE,
  /** A shard without cold pages had another one reclaim. */
  RECLAIMED_ELSEWHERE,
  /** A space was killed for want of memory. */
  OOM_KILLED,
  /** A device had to drain: the reaper came again instead of waiting. */
  OOM_TRIED_AGAIN,
  /** A long-term pin stood in the way of somebody who starved. */
  PIN_ASKED_BACK,
  PIN_OVER_AGE,
  PINNED,
  PINNED_PAGE_UNMAPPED,
  /** A page was pinned in the memory of a coherent device. */
  PINNED_ON_DEVICE,
  /** A CPU used a page in the memory of a coherent device. */
  CPU_USED_DEVICE,
  /** The device had no such translation any more, or not yet. */
  CPU_STALE_AT_DEVICE,
  /** A device was silent, and the CPU let go of the page: a write waits on, a read begins anew. */
  CPU_LET_GO,
  /** Nobody knows whether a CPU's write to the memory of a device took effect. */
  CPU_WRITE_IN_DOUBT,
  AGENT_LEFT,
  AGENT_GONE_FOR_GOOD,
  SNAPSHOT_TAKEN,
  CORRUPTED_AT_HOST,
  CORRUPTED_AT_AGENT,
  PAGES_FETCHED,
  PAGES_PUSHED_HOME,
  /** A unit used a page in its device's own memory. */
  USED_IN_PLACE,
  /** A device's memory was full, and others were to go. */
  EVICTION_ASKED_FOR,
  EVICTED,
  MIGRATION_WITHOUT_ROOM,
  /** A migration had not ended when the host ended the session. */
  SESSION_ENDED_IN_MIGRATION,
  /** A commit was lost, or its page released meanwhile: the agent came back with the copy. */
  RETURNED_WITH_NEEDLESS_COPY,
  RETURNED_WITH_NEEDED_COPY,
  /** A page was lost with its device. */
  DATA_LOST,
  /** A migration was given up, since its device stood still. */
  MIGRATION_GIVEN_UP,
  /** What was committed was not mapped: a mirror was closed, or an invalidation came, meanwhile. */
  COMMITTED_NOT_MAPPED,
  EXCLUSIVE_GRANTED,
  /** Somebody who is no device's exclusive access took a page back. */
  EXCLUSIVE_REVOKED,
  /** A device got a page alone that another one had had last. */
  EXCLUSIVE_TAKEN_BY_DEVICE,
  /** A pinned page, or one on its way, cannot be a device's alone now. */
  EXCLUSIVE_REFUSED_BUSY,
  /** Read, computed and written in two transfers, as one. */
  EXCLUSIVE_UPDATED,
  /** An exclusive update had read and could not write any more: the page had been taken back. */
  EXCLUSIVE_UPDATE_INTERRUPTED,
  PEER_USED,
  /** The owner had no such translation any more, or not yet. */
  PEER_STALE,
  PEER_LOST,
  /** A page went from device to device, past the host. */
  PAGES_FETCHED_FROM_PEER,
  /** A page was to be fetched from a device that held it no more. */
  HELD_NO_MORE,
  MOVED_ACROSS,
  PROGRAM_WAITED_FOR_ANOTHER,
  PROGRAM_PREEMPTED,
  /** A circle of waits, seen in two looks. */
  DEADLOCK_FOUND,
  DEADLOCK_BACKED_OFF,
  /** A page was wanted back and forth. */
  THRASHING_BEGAN,
  /** Who wanted such a page was made to wait. */
  THRASHING_NAPPED,
  /** Such a page was kept where all reach it. */
  THRASHING_PINNED,
  /** Somebody was told of a page of 2 MiB. */
  LARGE_PAGE_TOLD,
  LARGE_PAGE_IN_DEVICE,
  LARGE_PAGES_COLLAPSED,
  LARGE_PAGES_SPLIT;

  static Sometimes of(ShardEffect.Thrashes.Step step) {
    return switch (step) {
      case BEGAN -> THRASHING_BEGAN;
      case NAPPED -> THRASHING_NAPPED;
      case PINNED -> THRASHING_PINNED;
    };
  }
}

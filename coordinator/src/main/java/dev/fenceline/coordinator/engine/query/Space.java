package dev.fenceline.coordinator.engine.query;

import dev.fenceline.model.NotificationMode;

/**
 * An address space; immutable.
 *
 * @param spaceId unsigned
 * @param sequence grows with each invalidation
 * @param state whether it can be used
 * @param oomScoreAdjust by how many thousandths of its host's memory it counts as larger when
 *     somebody has to be killed; -1000: never
 * @param changeStamp equal stamps mean an equal space; 0 if the host has none
 */
public record Space(
    long spaceId,
    String name,
    NotificationMode notificationMode,
    long mappingCount,
    long mappedPages,
    long residentPages,
    long mirrorCount,
    long sequence,
    long pendingInvalidationCount,
    State state,
    int oomScoreAdjust,
    long changeStamp) {
  /** Whether an address space can be used. */
  public enum State {
    ALIVE,
    /** Its contents are gone for want of memory; it can only be destroyed. */
    OOM_KILLED
  }
}

package dev.fenceline.agent.runtime;

import dev.fenceline.agent.runtime.program.Dependencies;
import dev.fenceline.agent.runtime.program.SyncPoint;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How far a program is, told by its unit and read by anybody, and the word that ends it early, the
 * other way round. Thread-safe: each field is written by one side and volatile; nothing is decided
 * on two of them together.
 */
public final class ProgramProgress {
  /** That no fault is waited for. */
  public static final long NOWHERE = -1;

  private volatile long operations;
  private volatile long waitsAtAddress = NOWHERE;
  private volatile long waitsSinceNanos;
  private volatile @Nullable String cancelled;
  private volatile @Nullable String preempted;
  private volatile int preemptions;
  private volatile List<SyncPoint> awaited = List.of();
  private volatile boolean holding;
  private final Dependencies dependencies;

  ProgramProgress() {
    this(Dependencies.NONE);
  }

  ProgramProgress(Dependencies dependencies) {
    this.dependencies = dependencies;
  }

  /** What it was ordered with. */
  public Dependencies dependencies() {
    return dependencies;
  }

  /** Sync points that it waits for at this moment. */
  public List<SyncPoint> awaited() {
    return awaited;
  }

  /** Whether it keeps the pages in use that it was ordered to hold. */
  public boolean holding() {
    return holding;
  }

  /** How often it began again. */
  public int preemptions() {
    return preemptions;
  }

  /** Makes it let go at its next access or look, and begin again if it is replayable. */
  public void preempt(String why) {
    preempted = why;
  }

  /** Why it is to stop what it does; null as long as it is not. */
  @Nullable String stopped() {
    String why = cancelled;
    return why == null ? preempted : why;
  }

  /** Takes the preemption as done; false if there was none, or the program is cancelled. */
  boolean beginsAgain() {
    if (preempted == null || cancelled != null) {
      return false;
    }
    int before = preemptions;
    preemptions = before + 1; // the unit is the only writer
    preempted = null;
    return true;
  }

  void awaits(List<SyncPoint> points, long nowNanos) {
    waitsSinceNanos = nowNanos;
    awaited = points;
  }

  void holds(boolean pages) {
    holding = pages;
  }

  /** Operations done. */
  public long operations() {
    return operations;
  }

  public void operations(long done) {
    operations = done;
  }

  /** Address of the fault that it waits for, or {@link #NOWHERE}. */
  public long waitsAtAddress() {
    return waitsAtAddress;
  }

  public long waitsSinceNanos() {
    return waitsSinceNanos;
  }

  /** Why it is to end; null as long as it is not. */
  public @Nullable String cancelled() {
    return cancelled;
  }

  /** Ends it at its next access; only the first reason counts. */
  public void cancel(String why) {
    if (cancelled == null) {
      cancelled = why;
    }
  }

  void waits(long address, long nowNanos) {
    waitsSinceNanos = nowNanos;
    waitsAtAddress = address;
  }

  void goesOn() {
    waitsAtAddress = NOWHERE;
  }
}

package dev.fenceline.agent.runtime;

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

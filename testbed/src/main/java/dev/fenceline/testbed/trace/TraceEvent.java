package dev.fenceline.testbed.trace;

/**
 * One thing that a recorded program did to its memory or its processes.
 *
 * <p>Immutable. Addresses and lengths are in bytes and as the program passed them: unaligned,
 * beyond 47 bits or empty if the program did so. Numbers of flags and advices are Linux's for
 * x86-64 (see {@link LinuxFlags}).
 */
public sealed interface TraceEvent {

  /** The address that a call was given or returned where there is none: NULL, or a failed call. */
  long NO_ADDRESS = 0;

  /** Where the event happened. */
  CallSite site();

  /** The address space that the event acts on. */
  default int spaceKey() {
    return site().spaceKey();
  }

  /**
   * A new mapping, by mmap or by shmat.
   *
   * @param resultAddress where the kernel put it; {@link #NO_ADDRESS} inside a {@link Failed}
   */
  record Mmap(CallSite site, Request request, long resultAddress) implements TraceEvent {

    /**
     * What was asked for.
     *
     * @param address the hint or fixed address, {@link #NO_ADDRESS} for anywhere
     * @param fileDescriptor -1 for an anonymous mapping
     */
    public record Request(
        long address,
        long lengthBytes,
        int protection,
        int flags,
        int fileDescriptor,
        long offsetBytes) {

      /** Whether the address is binding (MAP_FIXED or MAP_FIXED_NOREPLACE). */
      public boolean fixed() {
        return (flags & (LinuxFlags.MAP_FIXED | LinuxFlags.MAP_FIXED_NOREPLACE)) != 0;
      }

      /** Whether no file stands behind the mapping. */
      public boolean anonymous() {
        return fileDescriptor < 0 || (flags & LinuxFlags.MAP_ANONYMOUS) != 0;
      }
    }
  }

  /** The range [address, address + lengthBytes) lost its mappings, by munmap or by shmdt. */
  record Munmap(CallSite site, long address, long lengthBytes) implements TraceEvent {}

  /** The range got a new protection. */
  record Mprotect(CallSite site, long address, long lengthBytes, int protection)
      implements TraceEvent {}

  /**
   * A mapping was resized, moved, or both.
   *
   * @param oldRange what was there
   * @param target what was asked for
   * @param resultAddress where it is now; {@link #NO_ADDRESS} inside a {@link Failed}
   */
  record Mremap(CallSite site, Range oldRange, Target target, long resultAddress)
      implements TraceEvent {

    /** The half-open range [address, address + lengthBytes). */
    public record Range(long address, long lengthBytes) {}

    /**
     * The wanted size and place.
     *
     * @param newAddress {@link #NO_ADDRESS} unless MREMAP_FIXED named one
     */
    public record Target(long newLengthBytes, int flags, long newAddress) {}
  }

  /**
   * Advice about a range.
   *
   * @param advice {@link LinuxFlags#MADV_UNKNOWN} if this reader does not know its name
   */
  record Madvise(CallSite site, long address, long lengthBytes, int advice) implements TraceEvent {}

  /**
   * The program break was asked for or moved.
   *
   * @param requestedAddress {@link #NO_ADDRESS} when the call only asks where it is
   * @param resultAddress the break after the call; differs from the request when the kernel refused
   */
  record Brk(CallSite site, long requestedAddress, long resultAddress) implements TraceEvent {}

  /**
   * A thread or process was created, by clone, clone3, fork or vfork.
   *
   * @param childSpaceKey the creator's own if {@code sharesMemory}, else a new one that starts as a
   *     copy of the creator's
   * @param sharesMemory whether the child runs in its creator's address space (CLONE_VM, vfork)
   */
  record Clone(CallSite site, String call, int childPid, int childSpaceKey, boolean sharesMemory)
      implements TraceEvent {}

  /**
   * A process started another program; {@code site} names its new, empty address space.
   *
   * @param previousSpaceKey the space it left
   * @param previousSpaceEnded whether nobody is left in that one
   */
  record Exec(CallSite site, int previousSpaceKey, boolean previousSpaceEnded)
      implements TraceEvent {}

  /**
   * A thread or process ended.
   *
   * @param spaceEnded whether it was the last one in its address space
   */
  record Exit(CallSite site, boolean spaceEnded) implements TraceEvent {}

  /**
   * A call that the kernel refused; it changed nothing.
   *
   * @param call the system call's name
   * @param error the symbolic errno, such as ENOMEM
   */
  record Failed(CallSite site, String call, String error) implements TraceEvent {}
}

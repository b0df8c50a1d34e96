package dev.fenceline.testbed.trace;

import dev.fenceline.testbed.trace.TraceEvent.Mmap.Request;
import dev.fenceline.testbed.trace.TraceEvent.Mremap.Range;
import dev.fenceline.testbed.trace.TraceEvent.Mremap.Target;

/**
 * Turns a finished memory call that succeeded into its event.
 *
 * <p>Confined to the thread that reads the trace.
 */
final class CallDecoder {

  private final SharedSegments segments;

  CallDecoder(SharedSegments segments) {
    this.segments = segments;
  }

  /**
   * The event of a call of kind {@link CallKind#MEMORY}.
   *
   * @throws MalformedCall if an argument is missing or cannot be read
   */
  TraceEvent decode(StraceCall call, CallSite site) throws MalformedCall {
    return switch (call.name()) {
      case "mmap", "mmap2", "old_mmap" -> mmap(call, site);
      case "munmap" -> new TraceEvent.Munmap(site, call.number(0), call.number(1));
      case "mprotect", "pkey_mprotect" ->
          new TraceEvent.Mprotect(
              site, call.number(0), call.number(1), LinuxFlags.parse(call.argument(2)));
      case "mremap" -> mremap(call, site);
      case "madvise" ->
          new TraceEvent.Madvise(
              site, call.number(0), call.number(1), LinuxFlags.parseAdvice(call.argument(2)));
      case "brk" -> new TraceEvent.Brk(site, call.number(0), call.resultNumber());
      case "shmat" -> shmat(call, site);
      case "shmdt" -> shmdt(call, site);
      case "map_shadow_stack" -> shadowStack(call, site);
      default -> throw new MalformedCall("no memory call: " + call.name());
    };
  }

  private static TraceEvent mmap(StraceCall call, CallSite site) throws MalformedCall {
    Request request =
        new Request(
            call.number(0),
            call.number(1),
            LinuxFlags.parse(call.argument(2)),
            LinuxFlags.parse(call.argument(3)),
            (int) call.number(4),
            call.number(5));
    return new TraceEvent.Mmap(site, request, call.resultNumber());
  }

  private static TraceEvent mremap(StraceCall call, CallSite site) throws MalformedCall {
    int flags = LinuxFlags.parse(call.argument(3));
    boolean named = (flags & (LinuxFlags.MREMAP_FIXED | LinuxFlags.MREMAP_DONTUNMAP)) != 0;
    long newAddress = named && call.arguments().size() > 4 ? call.number(4) : TraceEvent.NO_ADDRESS;
    return new TraceEvent.Mremap(
        site,
        new Range(call.number(0), call.number(1)),
        new Target(call.number(2), flags, newAddress),
        call.resultNumber());
  }

  private TraceEvent shmat(StraceCall call, CallSite site) throws MalformedCall {
    long id = call.number(0);
    Long sizeBytes = segments.size(id);
    if (sizeBytes == null) {
      throw new MalformedCall(
          "size of shared segment " + id + " is not known: its shmget was not recorded");
    }
    int attachFlags = LinuxFlags.parse(call.argument(2));
    int protection = LinuxFlags.PROT_READ;
    if ((attachFlags & LinuxFlags.SHM_RDONLY) == 0) {
      protection |= LinuxFlags.PROT_WRITE;
    }
    if ((attachFlags & LinuxFlags.SHM_EXEC) != 0) {
      protection |= LinuxFlags.PROT_EXEC;
    }
    int flags = LinuxFlags.MAP_SHARED | LinuxFlags.MAP_ANONYMOUS;
    if ((attachFlags & LinuxFlags.SHM_REMAP) != 0) {
      flags |= LinuxFlags.MAP_FIXED;
    }
    long result = call.resultNumber();
    segments.attached(site.spaceKey(), result, sizeBytes);
    Request request = new Request(call.number(1), sizeBytes, protection, flags, -1, 0);
    return new TraceEvent.Mmap(site, request, result);
  }

  private TraceEvent shmdt(StraceCall call, CallSite site) throws MalformedCall {
    long address = call.number(0);
    Long sizeBytes = segments.detached(site.spaceKey(), address);
    if (sizeBytes == null) {
      throw new MalformedCall("no recorded shmat at this address");
    }
    return new TraceEvent.Munmap(site, address, sizeBytes);
  }

  /** The kernel protects a shadow stack in its own way; to everybody else it is readable memory. */
  private static TraceEvent shadowStack(StraceCall call, CallSite site) throws MalformedCall {
    int flags = LinuxFlags.MAP_PRIVATE | LinuxFlags.MAP_ANONYMOUS;
    Request request =
        new Request(call.number(0), call.number(1), LinuxFlags.PROT_READ, flags, -1, 0);
    return new TraceEvent.Mmap(site, request, call.resultNumber());
  }
}

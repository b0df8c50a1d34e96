package dev.fenceline.host.engine.migration;

import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.MigrationRun;
import dev.fenceline.model.Peer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Pages on their way between the host and one device, or between two, from C of the operation that
 * holds them to the commit. Confined to the shard.
 *
 * <p>Until the report is processed the source of each page is the page, from then on its target.
 */
public final class Migration {
  /** Which way the pages go. */
  public enum Direction {
    TO_DEVICE,
    TO_HOST,
    /** From the memory of one device to that of another, past the host. */
    ACROSS
  }

  /** A page that is no part of the migration. */
  public static final int SKIPPED = -1;

  /** The pages: whose, in which address space, from which page on. */
  public record Place(DeviceOwner owner, long spaceId, long vpnStart, int pageCount) {}

  private final long id;
  private final long operationId;
  private final Direction direction;
  private final Place place;
  private final long startedNanos;

  /**
   * To the device: the source frame, 0 for zeros. To the host: the target frame. Across: the page
   * frame number that the source has. Or SKIPPED.
   */
  private final int[] frames;

  private final int[] generations;

  /** Frames that nobody needs any more once it has ended. */
  private final int[] letGo;

  private int letGoCount;
  private long deadlineNanos = Long.MAX_VALUE;
  private boolean told;

  /** Of one across: where its pages come from. */
  private @Nullable Source source;

  /** The device that holds the pages of one across, and by which id its agent knows that. */
  public record Source(DeviceOwner owner, long holdId) {}

  public Migration(long id, long operationId, Direction direction, Place place, long startedNanos) {
    this.id = id;
    this.operationId = operationId;
    this.direction = direction;
    this.place = place;
    this.startedNanos = startedNanos;
    this.frames = new int[place.pageCount()];
    this.generations = new int[place.pageCount()];
    this.letGo = new int[place.pageCount()];
    Arrays.fill(frames, SKIPPED);
  }

  public long id() {
    return id;
  }

  public long operationId() {
    return operationId;
  }

  public Direction direction() {
    return direction;
  }

  public Place place() {
    return place;
  }

  public DeviceOwner owner() {
    return place.owner();
  }

  public int pageCount() {
    return place.pageCount();
  }

  public long startedNanos() {
    return startedNanos;
  }

  /** When it is given up. */
  public long deadlineNanos() {
    return deadlineNanos;
  }

  public void deadlineNanos(long nanos) {
    deadlineNanos = nanos;
  }

  /** Whether the agent knows of it; one to the host may wait for the return of its agent. */
  public boolean told() {
    return told;
  }

  public void markTold() {
    told = true;
  }

  /** Where the pages of one across come from; null for others. */
  public @Nullable Source source() {
    return source;
  }

  public void source(Source from) {
    source = from;
  }

  /** Whether the session's agent has to do with it. */
  public boolean concerns(long sessionId) {
    return owner().sessionId() == sessionId
        || (source != null && source.owner().sessionId() == sessionId);
  }

  /** The page at this offset takes part. */
  public void include(int offset, int frame, int generation) {
    frames[offset] = frame;
    generations[offset] = generation;
  }

  /** The page at this offset takes no part any more. */
  public void exclude(int offset) {
    frames[offset] = SKIPPED;
  }

  /** The frame is nobody's from the end of the migration on. */
  public void letGo(int frame) {
    letGo[letGoCount++] = frame;
  }

  public int[] takeLetGo() {
    int[] frames = Arrays.copyOf(letGo, letGoCount);
    letGoCount = 0;
    return frames;
  }

  /** The frame of the host, 0 for zeros, SKIPPED for a page that takes no part. */
  public int frame(int offset) {
    return frames[offset];
  }

  public boolean includes(int offset) {
    return frames[offset] != SKIPPED;
  }

  /** How many pages take part. */
  public int included() {
    int count = 0;
    for (int frame : frames) {
      count += frame == SKIPPED ? 0 : 1;
    }
    return count;
  }

  /**
   * The frames of a request that moves bytes of this migration; null if it does not fit to it.
   *
   * @param vpn the first page of the request
   */
  public int @Nullable [] framesFor(DmaRequest request, long vpn) {
    if (direction == Direction.ACROSS) {
      return null; // no byte of it is the host's
    }
    DmaRequest.Operation fits =
        direction == Direction.TO_DEVICE ? DmaRequest.Operation.READ : DmaRequest.Operation.WRITE;
    long first = vpn - place.vpnStart();
    int count = request.generations().length;
    boolean outside = first < 0 || first + count > pageCount();
    if (request.operation() != fits
        || request.deviceIndex() != owner().device().deviceIndex()
        || outside) {
      return null;
    }
    int[] found = Arrays.copyOfRange(frames, (int) first, (int) first + count);
    for (int i = 0; i < count; i++) {
      if (found[i] == SKIPPED || generations[(int) first + i] != request.generations()[i]) {
        return null;
      }
    }
    return found;
  }

  /** What the device is to fetch. */
  public List<MigrationRun.In> inRuns() {
    List<MigrationRun.In> runs = new ArrayList<>();
    int start = 0;
    for (int i = 1; i <= pageCount(); i++) {
      if (i == pageCount() || !source(i).equals(source(start)) || gen(i) != gen(start)) {
        runs.add(new MigrationRun.In(i - start, gen(start), source(start)));
        start = i;
      }
    }
    return runs;
  }

  /** What the target is to fetch from the source's memory. */
  public List<MigrationRun.In> acrossRuns(int[] localPages, Peer peer) {
    List<MigrationRun.In> runs = new ArrayList<>();
    for (MigrationRun.Out out : outRuns(localPages)) {
      runs.add(
          out.skipped()
              ? new MigrationRun.In(out.pageCount(), 0, MigrationRun.Source.SKIPPED)
              : new MigrationRun.In(
                  out.pageCount(),
                  out.generation(),
                  MigrationRun.Source.PEER,
                  peer,
                  out.firstLocalPage()));
    }
    return runs;
  }

  private MigrationRun.Source source(int offset) {
    return switch (frames[offset]) {
      case SKIPPED -> MigrationRun.Source.SKIPPED;
      case 0 -> MigrationRun.Source.ZEROS;
      default -> MigrationRun.Source.HOST;
    };
  }

  private int gen(int offset) {
    return includes(offset) ? generations[offset] : 0;
  }

  /** What the device is to push, given where each page lies in its memory. */
  public List<MigrationRun.Out> outRuns(int[] localPages) {
    List<MigrationRun.Out> runs = new ArrayList<>();
    int start = 0;
    for (int i = 1; i <= pageCount(); i++) {
      boolean goesOn =
          i < pageCount()
              && includes(i) == includes(start)
              && gen(i) == gen(start)
              && (!includes(i) || localPages[i] == localPages[start] + i - start);
      if (!goesOn) {
        boolean skipped = !includes(start);
        runs.add(
            new MigrationRun.Out(i - start, gen(start), skipped ? 0 : localPages[start], skipped));
        start = i;
      }
    }
    return runs;
  }
}

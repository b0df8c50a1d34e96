package dev.fenceline.client;

import dev.fenceline.model.NotificationMode;
import dev.fenceline.query.v1.GetHostRequest;
import dev.fenceline.query.v1.HostInfo;
import dev.fenceline.query.v1.HostQueryServiceGrpc;
import dev.fenceline.query.v1.HostQueryServiceGrpc.HostQueryServiceBlockingStub;
import dev.fenceline.query.v1.InvalidationInfo;
import dev.fenceline.query.v1.ListInvalidationsRequest;
import dev.fenceline.query.v1.ListRangesReply;
import dev.fenceline.query.v1.ListRangesRequest;
import dev.fenceline.query.v1.ListSessionsRequest;
import dev.fenceline.query.v1.RangeInfo;
import dev.fenceline.query.v1.SessionInfo;
import dev.fenceline.space.v1.AddressSpaceServiceGrpc;
import dev.fenceline.space.v1.AddressSpaceServiceGrpc.AddressSpaceServiceBlockingStub;
import dev.fenceline.space.v1.CreateSpaceRequest;
import dev.fenceline.space.v1.UnpinRequest;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.TimeUnit;

/**
 * One host: its address spaces, and what it knows. Thread-safe; every call blocks, at most as long
 * as the bound.
 *
 * <p>A program of two processes on one memory:
 *
 * {@snippet :
 * try (ServiceChannel channel = ServiceChannel.to("localhost:9091")) {
 *   HostClient host = new HostClient(channel, Duration.ofSeconds(10));
 *   SpaceClient space = host.createSpace("training", NotificationMode.SPLIT);
 *   space.map(Mapping.at(0x10000000L, 1 << 20, Protection.READ_WRITE), WaitPolicy.BLOCK);
 *   space.write(0x10000000L, new byte[] {1, 2, 3});
 *   switch (space.unmap(0x10000000L, 1 << 20, new WaitPolicy.Deadline(50_000_000))) {
 *     case OperationOutcome.Done done -> System.out.println("gone");
 *     case OperationOutcome.BackedOff back -> System.out.println("a device still uses it");
 *   }
 * }
 * }
 *
 * <p>Each method throws {@link RefusedException} if the host refuses, and {@link
 * CallFailedException} if there is no answer.
 */
public final class HostClient {
  private static final int PAGE_SIZE = 1000;

  private final AddressSpaceServiceBlockingStub spaces;
  private final HostQueryServiceBlockingStub queries;
  private final long boundNanos;

  /**
   * @param bound of every call
   */
  public HostClient(ServiceChannel host, Duration bound) {
    this.spaces = AddressSpaceServiceGrpc.newBlockingStub(host.channel());
    this.queries = HostQueryServiceGrpc.newBlockingStub(host.channel());
    this.boundNanos = bound.toNanos();
  }

  AddressSpaceServiceBlockingStub spaces() {
    return spaces.withDeadlineAfter(boundNanos, TimeUnit.NANOSECONDS);
  }

  private HostQueryServiceBlockingStub queries() {
    return queries.withDeadlineAfter(boundNanos, TimeUnit.NANOSECONDS);
  }

  /** A new, empty address space. */
  public SpaceClient createSpace(String name, NotificationMode mode) {
    CreateSpaceRequest request =
        CreateSpaceRequest.newBuilder()
            .setName(name)
            .setNotificationMode(SpaceRequests.mode(mode))
            .build();
    return space(Calls.call("CreateSpace", () -> spaces().createSpace(request)).getSpaceId());
  }

  /** The address space with this id, whether or not it exists. */
  public SpaceClient space(long id) {
    return new SpaceClient(this, id);
  }

  /** Takes a pin back; returns how many pages it had kept. */
  public long unpin(long pinId) {
    UnpinRequest request = UnpinRequest.newBuilder().setPinId(pinId).build();
    return Calls.call("Unpin", () -> spaces().unpin(request)).getUnpinnedPages();
  }

  /** The host's own account. */
  public HostInfo host() {
    return Calls.call("GetHost", () -> queries().getHost(GetHostRequest.getDefaultInstance()));
  }

  /** Agents that are attached, or whose lease still runs. */
  public List<SessionInfo> sessions() {
    ListSessionsRequest request = ListSessionsRequest.getDefaultInstance();
    return Calls.call("ListSessions", () -> queries().listSessions(request)).getSessionsList();
  }

  /** All ranges of a space, by address, page by page; each walk asks anew. */
  public Iterable<RangeInfo> ranges(long spaceId) {
    return () -> new Ranges(spaceId);
  }

  /** The newest invalidations of all spaces, newest first, at most 1000. */
  public List<InvalidationInfo> newestInvalidations() {
    ListInvalidationsRequest request =
        ListInvalidationsRequest.newBuilder().setPageSize(PAGE_SIZE).build();
    return Calls.call("ListInvalidations", () -> queries().listInvalidations(request))
        .getInvalidationsList();
  }

  /** Keeps one page at a time. Confined to one thread. */
  private final class Ranges implements Iterator<RangeInfo> {
    private final long spaceId;
    private Iterator<RangeInfo> page;
    private long from;

    Ranges(long spaceId) {
      this.spaceId = spaceId;
      this.page = ask(0);
    }

    private Iterator<RangeInfo> ask(long fromAddress) {
      ListRangesRequest request =
          ListRangesRequest.newBuilder()
              .setSpaceId(spaceId)
              .setFromAddress(fromAddress)
              .setPageSize(PAGE_SIZE)
              .build();
      ListRangesReply reply = Calls.call("ListRanges", () -> queries().listRanges(request));
      from = reply.getNextAddress();
      return reply.getRangesList().iterator();
    }

    @Override
    public boolean hasNext() {
      while (!page.hasNext() && from != 0) {
        page = ask(from);
      }
      return page.hasNext();
    }

    @Override
    public RangeInfo next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return page.next();
    }
  }
}

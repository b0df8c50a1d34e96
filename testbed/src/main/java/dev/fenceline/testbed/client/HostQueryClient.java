package dev.fenceline.testbed.client;

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
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * What one host knows. Thread-safe; every call blocks, at most as long as the bound, and throws as
 * {@link AddressSpaceClient}'s do.
 */
public final class HostQueryClient {
  private static final int PAGE_SIZE = 1000;

  private final HostQueryServiceBlockingStub stub;
  private final long boundNanos;

  public HostQueryClient(ServiceChannel host, Duration bound) {
    this.stub = HostQueryServiceGrpc.newBlockingStub(host.channel());
    this.boundNanos = bound.toNanos();
  }

  private HostQueryServiceBlockingStub bounded() {
    return stub.withDeadlineAfter(boundNanos, TimeUnit.NANOSECONDS);
  }

  public HostInfo host() {
    return Calls.call("GetHost", () -> bounded().getHost(GetHostRequest.getDefaultInstance()));
  }

  public List<SessionInfo> sessions() {
    ListSessionsRequest request = ListSessionsRequest.getDefaultInstance();
    return Calls.call("ListSessions", () -> bounded().listSessions(request)).getSessionsList();
  }

  /** All ranges of a space, by address, gathered page by page. */
  public List<RangeInfo> ranges(long spaceId) {
    List<RangeInfo> ranges = new ArrayList<>();
    long from = 0;
    do {
      ListRangesRequest request =
          ListRangesRequest.newBuilder()
              .setSpaceId(spaceId)
              .setFromAddress(from)
              .setPageSize(PAGE_SIZE)
              .build();
      ListRangesReply reply = Calls.call("ListRanges", () -> bounded().listRanges(request));
      ranges.addAll(reply.getRangesList());
      from = reply.getNextAddress();
    } while (from != 0);
    return ranges;
  }

  /** The newest invalidations of all spaces, newest first, at most 1000. */
  public List<InvalidationInfo> newestInvalidations() {
    ListInvalidationsRequest request =
        ListInvalidationsRequest.newBuilder().setPageSize(PAGE_SIZE).build();
    return Calls.call("ListInvalidations", () -> bounded().listInvalidations(request))
        .getInvalidationsList();
  }
}

package dev.fenceline.host.adapter.grpc;

import dev.fenceline.host.runtime.HostRuntime;
import dev.fenceline.query.v1.HostQueryServiceGrpc;

/** The host query service on gRPC. Thread-safe; each call runs on a virtual thread of its own. */
public final class QueryAdapter extends HostQueryServiceGrpc.HostQueryServiceImplBase {
  private final HostRuntime host;

  public QueryAdapter(HostRuntime host) {
    this.host = host;
  }
}

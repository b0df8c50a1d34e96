/** The gRPC surface of a host: attach streams, DMA, address spaces, queries. */
@NullMarked
package dev.fenceline.host.adapter.grpc;

import org.jspecify.annotations.NullMarked;

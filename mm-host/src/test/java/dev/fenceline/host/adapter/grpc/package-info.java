/** A host over real gRPC on loopback, against agents with behaviour. */
@NullMarked
package dev.fenceline.host.adapter.grpc;

import org.jspecify.annotations.NullMarked;

/** gRPC: the registry's server side, and questions to hosts and agents. */
@NullMarked
package dev.fenceline.coordinator.adapter.grpc;

import org.jspecify.annotations.NullMarked;

/** The agent's gRPC side: streams to hosts, and the device service that others call. */
@NullMarked
package dev.fenceline.agent.adapter.grpc;

import org.jspecify.annotations.NullMarked;

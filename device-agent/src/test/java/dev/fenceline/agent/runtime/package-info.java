/** The agent's runtime against a host that behaves, over loopback gRPC. */
@NullMarked
package dev.fenceline.agent.runtime;

import org.jspecify.annotations.NullMarked;

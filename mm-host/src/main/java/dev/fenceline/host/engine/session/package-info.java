/** Sessions of agents: hello, leases, boot tokens, self-fencing on the host's side. Pure. */
@NullMarked
package dev.fenceline.host.engine.session;

import org.jspecify.annotations.NullMarked;

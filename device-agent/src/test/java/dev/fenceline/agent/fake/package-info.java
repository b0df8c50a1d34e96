/** A host with behaviour, for the agent's tests. */
@NullMarked
package dev.fenceline.agent.fake;

import org.jspecify.annotations.NullMarked;

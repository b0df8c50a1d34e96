/**
 * The protocol of one (agent, host) link, without clock, thread, I/O or chance: inputs and the time
 * go in, ordered effects and the next deadline come out.
 */
@NullMarked
package dev.fenceline.agent.engine;

import org.jspecify.annotations.NullMarked;

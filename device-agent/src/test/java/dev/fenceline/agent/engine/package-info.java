/** The link's engine, driven by hand through simulated time. */
@NullMarked
package dev.fenceline.agent.engine;

import org.jspecify.annotations.NullMarked;

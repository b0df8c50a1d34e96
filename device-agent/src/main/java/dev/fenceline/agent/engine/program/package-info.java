/** What the agent remembers of programs. Pure. */
@NullMarked
package dev.fenceline.agent.engine.program;

import org.jspecify.annotations.NullMarked;

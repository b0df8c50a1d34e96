/** Tests of what the agent remembers and of standings. */
@NullMarked
package dev.fenceline.agent.engine.program;

import org.jspecify.annotations.NullMarked;

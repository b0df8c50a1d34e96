/** Tests of what the agent remembers and of standings. */
@NullMarked
package dev.fenceline.agent.engine.standing;

import org.jspecify.annotations.NullMarked;

/** Programs that execution units run over mirrored memory (G3). */
@NullMarked
package dev.fenceline.agent.runtime.program;

import org.jspecify.annotations.NullMarked;

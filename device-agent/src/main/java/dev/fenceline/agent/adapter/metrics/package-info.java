/** What the agent measures, as Micrometer meters. */
@NullMarked
package dev.fenceline.agent.adapter.metrics;

import org.jspecify.annotations.NullMarked;

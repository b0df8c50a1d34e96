/** Reports to the coordinator and learns from it which hosts there are. */
@NullMarked
package dev.fenceline.agent.adapter.coordinator;

import org.jspecify.annotations.NullMarked;

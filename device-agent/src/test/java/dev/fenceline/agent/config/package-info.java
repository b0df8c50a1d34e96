/** The agent as a process: configuration, probes, metrics. */
@NullMarked
package dev.fenceline.agent.config;

import org.jspecify.annotations.NullMarked;

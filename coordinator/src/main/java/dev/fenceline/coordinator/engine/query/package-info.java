/**
 * What hosts and agents answer to questions about their state: plain data, in the coordinator's own
 * words.
 */
@NullMarked
package dev.fenceline.coordinator.engine.query;

import org.jspecify.annotations.NullMarked;

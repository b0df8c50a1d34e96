/** What the coordinator tells Prometheus. */
@NullMarked
package dev.fenceline.coordinator.adapter.metrics;

import org.jspecify.annotations.NullMarked;

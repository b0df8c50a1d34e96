/** Metrics, dashboards and rules, tried with the real Prometheus. */
@NullMarked
package dev.fenceline.testbed.observability;

import org.jspecify.annotations.NullMarked;

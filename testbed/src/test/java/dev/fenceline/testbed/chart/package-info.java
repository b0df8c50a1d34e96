/**
 * The Helm chart: linted, rendered, held against Kubernetes' types, and applied to an API server's
 * double.
 */
@NullMarked
package dev.fenceline.testbed.chart;

import org.jspecify.annotations.NullMarked;

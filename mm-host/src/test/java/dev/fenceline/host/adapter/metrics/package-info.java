/** Tests of the host's meters. */
@NullMarked
package dev.fenceline.host.adapter.metrics;

import org.jspecify.annotations.NullMarked;

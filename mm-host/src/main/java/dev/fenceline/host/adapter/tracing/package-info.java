/** Traces of invalidations, over OTLP. */
@NullMarked
package dev.fenceline.host.adapter.tracing;

import org.jspecify.annotations.NullMarked;

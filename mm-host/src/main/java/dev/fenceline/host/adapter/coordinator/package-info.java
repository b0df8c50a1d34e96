/** Reports the host to the coordinator. */
@NullMarked
package dev.fenceline.host.adapter.coordinator;

import org.jspecify.annotations.NullMarked;

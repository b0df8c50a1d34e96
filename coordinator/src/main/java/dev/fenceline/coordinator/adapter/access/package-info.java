/** Who may do what over REST: tokens, sessions, roles, limits. */
@NullMarked
package dev.fenceline.coordinator.adapter.access;

import org.jspecify.annotations.NullMarked;

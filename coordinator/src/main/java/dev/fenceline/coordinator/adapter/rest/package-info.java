/**
 * REST, the read side: registry, address spaces, fences; problem+json for everything that cannot be
 * answered.
 */
@NullMarked
package dev.fenceline.coordinator.adapter.rest;

import org.jspecify.annotations.NullMarked;

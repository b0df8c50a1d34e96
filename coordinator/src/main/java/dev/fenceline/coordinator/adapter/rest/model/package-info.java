/**
 * The shapes of the REST answers. Addresses, tokens and session ids are hex strings, since JSON
 * numbers lose bits above 2^53; durations name their unit; fields are never left out, but may be
 * null where the description says so.
 */
@NullMarked
package dev.fenceline.coordinator.adapter.rest.model;

import org.jspecify.annotations.NullMarked;

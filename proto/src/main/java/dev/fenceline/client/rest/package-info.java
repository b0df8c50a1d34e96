/**
 * The coordinator's REST interface as a Java client: {@link
 * dev.fenceline.client.rest.CoordinatorClient} is where to begin.
 */
@NullMarked
package dev.fenceline.client.rest;

import org.jspecify.annotations.NullMarked;

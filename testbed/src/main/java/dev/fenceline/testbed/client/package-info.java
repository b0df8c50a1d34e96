/** Blocking clients of Fenceline's services, with typed refusals. */
@NullMarked
package dev.fenceline.testbed.client;

import org.jspecify.annotations.NullMarked;

/** The services as containers on a network: what only real isolation shows. */
@NullMarked
package dev.fenceline.testbed.containers;

import org.jspecify.annotations.NullMarked;

/** Linux's own test catalogue of memory mirroring, case by case, over the public APIs. */
@NullMarked
package dev.fenceline.testbed.catalogue;

import org.jspecify.annotations.NullMarked;

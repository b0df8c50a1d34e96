/** The measurements' own arithmetic and reports. */
@NullMarked
package dev.fenceline.testbed.bench;

import org.jspecify.annotations.NullMarked;

/** Device memory, end to end: a real host and a real agent over loopback. */
@NullMarked
package dev.fenceline.testbed.memory;

import org.jspecify.annotations.NullMarked;

@NullMarked
package dev.fenceline.testbed.trace;

import org.jspecify.annotations.NullMarked;

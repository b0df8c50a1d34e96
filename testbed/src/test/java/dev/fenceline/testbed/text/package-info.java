/** Text for terminals. */
@NullMarked
package dev.fenceline.testbed.text;

import org.jspecify.annotations.NullMarked;

/** Text for terminals: tables, quantities, colours. */
@NullMarked
package dev.fenceline.testbed.text;

import org.jspecify.annotations.NullMarked;

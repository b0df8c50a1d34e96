@NullMarked
package dev.fenceline.testbed.check;

import org.jspecify.annotations.NullMarked;

/** The house rules as tests, shared by every module through the test jar. */
@NullMarked
package dev.fenceline.rules;

import org.jspecify.annotations.NullMarked;

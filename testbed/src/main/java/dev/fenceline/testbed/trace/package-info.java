/**
 * Readers of recorded programs: strace memory logs and Valgrind lackey traces.
 *
 * <p>Both stream: memory stays bounded whatever the size of the file. A bad line is reported with
 * its number and skipped; a file without a usable line is an {@link
 * dev.fenceline.testbed.trace.UnusableTrace}.
 */
@NullMarked
package dev.fenceline.testbed.trace;

import org.jspecify.annotations.NullMarked;

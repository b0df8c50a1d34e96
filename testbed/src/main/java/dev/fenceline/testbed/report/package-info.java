/** What a run tells: figures, the JSON of {@code --report}, the table and the progress line. */
@NullMarked
package dev.fenceline.testbed.report;

import org.jspecify.annotations.NullMarked;

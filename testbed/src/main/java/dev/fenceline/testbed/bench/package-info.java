/** What is fast enough, measured: JMH benchmarks and the harness around them. */
@NullMarked
package dev.fenceline.testbed.bench;

import org.jspecify.annotations.NullMarked;

@NullMarked
package dev.fenceline.testbed.report;

import org.jspecify.annotations.NullMarked;

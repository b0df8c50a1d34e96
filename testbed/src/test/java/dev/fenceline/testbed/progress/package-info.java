/** That every party gets on: deadlocks, storms, turns. */
@NullMarked
package dev.fenceline.testbed.progress;

import org.jspecify.annotations.NullMarked;

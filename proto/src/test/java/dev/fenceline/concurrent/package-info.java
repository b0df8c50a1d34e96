@NullMarked
package dev.fenceline.concurrent;

import org.jspecify.annotations.NullMarked;

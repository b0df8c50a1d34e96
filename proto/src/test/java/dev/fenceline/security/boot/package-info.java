@NullMarked
package dev.fenceline.security.boot;

import org.jspecify.annotations.NullMarked;

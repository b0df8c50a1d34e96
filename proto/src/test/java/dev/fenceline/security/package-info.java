@NullMarked
package dev.fenceline.security;

import org.jspecify.annotations.NullMarked;

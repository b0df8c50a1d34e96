/** The host as a process. */
@NullMarked
package dev.fenceline.host.config;

import org.jspecify.annotations.NullMarked;

/** Puts gRPC security into a Spring Boot service: import TransportSecurityConfiguration. */
@NullMarked
package dev.fenceline.security.boot;

import org.jspecify.annotations.NullMarked;

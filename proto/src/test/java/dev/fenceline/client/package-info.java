/** The gRPC client against services within this process. */
@NullMarked
package dev.fenceline.client;

import org.jspecify.annotations.NullMarked;

/** Certificates for installations on a laptop and in tests. */
@NullMarked
package dev.fenceline.testbed.certs;

import org.jspecify.annotations.NullMarked;

@NullMarked
package dev.fenceline.testbed.certs;

import org.jspecify.annotations.NullMarked;

/** Issues certificates for test installations; needs Bouncy Castle, which services do without. */
@NullMarked
package dev.fenceline.security.issue;

import org.jspecify.annotations.NullMarked;

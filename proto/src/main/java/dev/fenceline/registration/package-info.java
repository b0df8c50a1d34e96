/** How hosts and agents make themselves known to the coordinators. */
@NullMarked
package dev.fenceline.registration;

import org.jspecify.annotations.NullMarked;

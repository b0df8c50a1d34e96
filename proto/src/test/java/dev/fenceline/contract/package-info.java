/** Guards the wire contract: compares it with the checked-in baseline. */
@NullMarked
package dev.fenceline.contract;

import org.jspecify.annotations.NullMarked;

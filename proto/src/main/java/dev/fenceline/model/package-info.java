/** Value records that every service shares: what a message, an address and a refusal are. */
@NullMarked
package dev.fenceline.model;

import org.jspecify.annotations.NullMarked;

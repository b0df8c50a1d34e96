/**
 * What the coordinator answers over REST, as values. Addresses, tokens and session ids are the hex
 * strings of the documents; members that a newer coordinator adds are ignored.
 */
@NullMarked
package dev.fenceline.client.resource;

import org.jspecify.annotations.NullMarked;

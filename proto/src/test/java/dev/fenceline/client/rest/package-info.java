/** The REST client against a coordinator double that behaves. */
@NullMarked
package dev.fenceline.client.rest;

import org.jspecify.annotations.NullMarked;

/**
 * Who speaks on a gRPC connection, and what it may ask: identities in certificates, credentials
 * that reload, and the table of roles. docs/SECURITY.md tells the whole.
 */
@NullMarked
package dev.fenceline.security;

import org.jspecify.annotations.NullMarked;

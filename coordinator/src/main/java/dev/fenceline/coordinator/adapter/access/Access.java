package dev.fenceline.coordinator.adapter.access;

import org.jspecify.annotations.Nullable;

/**
 * What knows callers; immutable, its parts are thread-safe.
 *
 * @param credentials null if nobody is asked who he is
 * @param failures how often an address may show a wrong token
 */
record Access(@Nullable Credentials credentials, LoginSessions sessions, RequestRates failures) {}

package dev.fenceline.coordinator.adapter.access;

import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Optional;

/**
 * Who is logged in at the console, by the hash of the cookie's value. Thread-safe; bounded, the
 * longest logged in goes first. A session keeps the token that it was opened with, and is worth
 * what that is worth.
 */
final class LoginSessions {
  private static final int CAPACITY = 1000;
  private static final long LONGEST_MILLIS = 12 * 3_600_000L;
  private static final int ID_BYTES = 32;

  /** What a session stands for. */
  record Session(String token, long untilMillis) {}

  private final InstantSource wallClock;
  private final SecureRandom random = new SecureRandom();
  private final LinkedHashMap<String, Session> byHash = new LinkedHashMap<>();

  LoginSessions(InstantSource wallClock) {
    this.wallClock = wallClock;
  }

  /** A new session's cookie value. */
  synchronized String open(String token, long untilMillis) {
    byte[] id = new byte[ID_BYTES];
    random.nextBytes(id);
    String value = Base64.getUrlEncoder().withoutPadding().encodeToString(id);
    if (byHash.size() >= CAPACITY) {
      byHash.pollFirstEntry();
    }
    long longest = wallClock.millis() + LONGEST_MILLIS;
    byHash.put(Secrets.hash(value), new Session(token, Math.min(untilMillis, longest)));
    return value;
  }

  /** The token behind a cookie's value. */
  synchronized Optional<String> token(String value) {
    String hash = Secrets.hash(value);
    Session session = byHash.get(hash);
    if (session == null) {
      return Optional.empty();
    }
    if (session.untilMillis() <= wallClock.millis()) {
      byHash.remove(hash);
      return Optional.empty();
    }
    return Optional.of(session.token());
  }

  synchronized void close(String value) {
    byHash.remove(Secrets.hash(value));
  }
}

package dev.fenceline.coordinator.adapter.rest;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.function.Function;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Where a list goes on, opaque to clients. Stateless. A cursor is bound to the query that made it
 * by a checksum; it is no secret, it only has to notice mistakes.
 */
final class Cursor {
  private static final String VERSION = "1";
  private static final String FORM = "the nextCursor of a page of the same query";
  private static final int MAX_LENGTH = 4096;

  private Cursor() {}

  /**
   * @param scope resource and filters
   * @param position where to go on
   */
  static String encode(String scope, String position) {
    String text = VERSION + ":" + checksum(scope, position) + ":" + position;
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  /** The position; null if there is no cursor. */
  static <T> @Nullable T decode(
      String scope, @Nullable String cursor, Function<String, ? extends T> position) {
    if (cursor == null) {
      return null;
    }
    String[] parts = cursor.length() > MAX_LENGTH ? new String[0] : text(cursor).split(":", 3);
    if (parts.length != 3
        || !parts[0].equals(VERSION)
        || !parts[1].equals(checksum(scope, parts[2]))) {
      throw ProblemException.invalidParameter("cursor", cursor, FORM);
    }
    try {
      return position.apply(parts[2]);
    } catch (IllegalArgumentException forged) {
      throw ProblemException.invalidParameter("cursor", cursor, FORM);
    }
  }

  private static String text(String cursor) {
    try {
      return new String(Base64.getUrlDecoder().decode(cursor), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException notBase64) {
      throw ProblemException.invalidParameter("cursor", cursor, FORM);
    }
  }

  private static String checksum(String scope, String position) {
    CRC32C crc = new CRC32C();
    crc.update((scope + "\n" + position).getBytes(StandardCharsets.UTF_8));
    return Long.toHexString(crc.getValue());
  }
}

package dev.fenceline.wire;

import dev.fenceline.common.v1.Interval;
import dev.fenceline.model.DeviceDescription;
import dev.fenceline.model.Pages;

/** What the wire contract demands of single fields. Stateless. */
final class WireChecks {
  static final int MAX_DEVICES = 64;
  static final int MAX_NAME_LENGTH = 128;
  static final int MAX_UNITS = 1024;
  static final int MAX_FAULT_PAGES = 512;

  /** As many, and the rest of a large page at either end. */
  static final int MAX_REPLY_PAGES = 3 * 512;

  static final int MAX_INVALIDATION_IDS = 65536;

  static final int MAX_LOCAL_PAGES = DeviceDescription.MAX_MEMORY_PAGES;
  static final int MAX_LOCAL_PAGE_RUNS = 1 << 20;
  static final int MAX_EVICTED_PAGES = 4096;
  static final int MAX_TARGET_LENGTH = 255;

  /** Of a page's leaf; 18 is 1 GiB. */
  static final int MAX_ORDER = 18;

  /** Exclusive. */
  static final int GENERATION_LIMIT = 1 << 30;

  private WireChecks() {}

  static MalformedMessageException malformed(String field, Object value, String rule) {
    return new MalformedMessageException(field + " is " + value + "; it must be " + rule);
  }

  static Interval interval(String field, Interval interval) throws MalformedMessageException {
    long start = interval.getStart();
    long end = interval.getEnd();
    if (!Pages.aligned(start) || !Pages.aligned(end)) {
      throw malformed(field, text(start, end), "a multiple of 4096 at both ends");
    }
    if (start < 0 || end < 0 || end > Pages.ADDRESS_LIMIT || start >= end) {
      throw malformed(field, text(start, end), "not empty and within [0, 2^47)");
    }
    return interval;
  }

  private static String text(long start, long end) {
    return "[0x" + Long.toHexString(start) + ", 0x" + Long.toHexString(end) + ")";
  }

  /** An unsigned field that has to lie in [minimum, maximum]. */
  static int inRange(String field, int value, int minimum, int maximum)
      throws MalformedMessageException {
    if (value < minimum || value > maximum) {
      throw malformed(
          field, Integer.toUnsignedString(value), "in [" + minimum + ", " + maximum + "]");
    }
    return value;
  }

  static long notNegative(String field, long value) throws MalformedMessageException {
    if (value < 0) {
      throw malformed(field, Long.toUnsignedString(value), "below 2^63");
    }
    return value;
  }

  static int deviceIndex(int value) throws MalformedMessageException {
    return inRange("device_index", value, 0, MAX_DEVICES - 1);
  }

  static int mirrorId(int value) throws MalformedMessageException {
    return inRange("mirror_id", value, 0, Integer.MAX_VALUE);
  }

  static int generation(int value) throws MalformedMessageException {
    return inRange("run.generation", value, 0, GENERATION_LIMIT - 1);
  }

  /** host:port, or empty. */
  static String target(String field, String value) throws MalformedMessageException {
    inRange("length of " + field, value.length(), 0, MAX_TARGET_LENGTH);
    return value;
  }

  /** As an agent id, or empty. */
  static String ownerGroup(String value) throws MalformedMessageException {
    inRange("length of device.owner_group", value.length(), 0, MAX_NAME_LENGTH);
    return idCharacters("device.owner_group", value);
  }

  static String agentId(String value) throws MalformedMessageException {
    if (value.isEmpty() || value.length() > MAX_NAME_LENGTH) {
      throw malformed("agent_id", "of " + value.length() + " characters", "of 1 to 128");
    }
    return idCharacters("agent_id", value);
  }

  private static String idCharacters(String field, String value) throws MalformedMessageException {
    for (int i = 0; i < value.length(); i++) {
      if (!isIdCharacter(value.charAt(i))) {
        throw malformed(field, "\"" + value + "\"", "made of [A-Za-z0-9._-]");
      }
    }
    return value;
  }

  private static boolean isIdCharacter(char c) {
    return (c >= 'A' && c <= 'Z')
        || (c >= 'a' && c <= 'z')
        || (c >= '0' && c <= '9')
        || c == '.'
        || c == '_'
        || c == '-';
  }
}
